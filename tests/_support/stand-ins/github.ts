/** What the tutorials ask of GitHub and of its API. */
import type { Asked, Answered, Host } from "./serving.js";

const REPOSITORIES = [
  { full_name: "psf/requests", name: "requests", language: "Python", stargazers_count: 53000 },
  { full_name: "spyoungtech/grequests", name: "grequests", language: "Python", stargazers_count: 4500 },
  { full_name: "requests/toolbelt", name: "toolbelt", language: "Python", stargazers_count: 1000 },
].map((repository, index) => ({
  ...repository,
  id: index + 1,
  description: index === 1 ? "Requests + Gevent = <3" : "HTTP for Humans",
}));

const LIMITS = {
  "X-RateLimit-Limit": "60",
  "X-RateLimit-Remaining": "57",
  "X-GitHub-Media-Type": "github.v3; format=json",
};

export const githubApi: Host = (asked) => {
  const { path, query, url } = asked;
  if (path === "/") return { json: { current_user_url: `${url}/user`, events_url: `${url}/events` }, headers: LIMITS };
  if (path === "/users/octocat") return { json: { login: "octocat", id: 583231, type: "User" }, headers: LIMITS };
  if (path === "/events")
    return {
      json: [1, 2].map((id) => ({ id: String(id), type: "PushEvent", public: true })),
      headers: { ...LIMITS, "Content-Encoding": "gzip" },
    };
  if (path === "/search/repositories") return search(asked);
  if (path === "/orgs/nodejs/repos") return paged(url, Number(query.get("page") ?? "1"));
  return undefined;
};

/** Pages of two, five in all, joined by the Link header. */
function paged(url: string, page: number): Answered {
  const names = ["node", "undici", "docker-node", "llhttp", "build"].slice((page - 1) * 2, page * 2);
  const next = `<${url}/orgs/nodejs/repos?page=${page + 1}>; rel="next", <${url}/orgs/nodejs/repos?page=3>; rel="last"`;
  return { json: names.map((name) => ({ name })), headers: page < 3 ? { ...LIMITS, Link: next } : LIMITS };
}

function search({ query, headers }: Asked): Answered {
  const wanted = query.get("q") ?? "";
  const found = wanted.includes("nonexistent") ? [] : REPOSITORIES;
  const size = Number(query.get("per_page") ?? found.length);
  const matches = headers["accept"]?.includes("text-match") === true;
  const ordered =
    query.get("sort") === "stars" ? found : [found[1], found[0], found[2]].filter((one) => one !== undefined);
  const items = ordered.slice(0, size).map((repository) => ({
    ...repository,
    ...(matches && {
      text_matches: [
        { property: "description", fragment: repository.description, matches: [{ text: "Requests", indices: [0, 8] }] },
      ],
    }),
  }));
  return { json: { total_count: found.length, incomplete_results: false, items }, headers: LIMITS };
}

/** http://github.com redirects every request to https. */
export function plainGithub(secure: () => string): Host {
  return () => ({ status: 301, reason: "Moved Permanently", headers: { Location: `${secure()}/` } });
}

export const github: Host = () => ({ text: "<title>GitHub</title>" });

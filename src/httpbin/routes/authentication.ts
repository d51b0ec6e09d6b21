import { formatCookie } from "../cookies.js";
import {
  DIGEST_ALGORITHMS,
  digestChallenge,
  isDigestRight,
  parseDigestCredentials,
  type DigestAlgorithm,
} from "../digest.js";
import { latin1FromUtf8 } from "../fields.js";
import type { Incoming } from "../incoming.js";
import { pythonBigInt } from "../numbers.js";
import { empty, json, type Answer, type HeaderPair } from "../responses.js";
import type { RouteGroup } from "../router.js";
import { statusAnswer } from "./status.js";

/** Python's requests sends latin-1, browsers and curl send UTF-8: both are right. */
function isBasicRight(incoming: Incoming): boolean {
  const [, encoded = ""] = /^basic\s+(.*)$/is.exec(incoming.header("Authorization") ?? "") ?? [];
  const sent = Buffer.from(encoded, "base64").toString("latin1");
  const expected = `${incoming.param("user")}:${incoming.param("passwd")}`;
  return encoded !== "" && (sent === expected || sent === latin1FromUtf8(expected));
}

function welcome(incoming: Incoming, headers: readonly HeaderPair[] = []): Answer {
  return json({ authenticated: true, user: incoming.param("user") }, headers);
}

function answerBearer(incoming: Incoming): Answer {
  const [, token] = /^Bearer (.*)$/s.exec(incoming.header("Authorization") ?? "") ?? [];
  if (token === undefined) return empty(401, [["WWW-Authenticate", "Bearer"]]);
  return json({ authenticated: true, token });
}

async function answerDigest(incoming: Incoming): Promise<Answer> {
  const { params } = incoming;
  const qop = ["auth", "auth-int"].find((value) => value === params.get("qop"));
  const algorithm = DIGEST_ALGORITHMS.find((value) => value === params.get("algorithm")) ?? "MD5";
  const staleAfter = params.get("stale_after") ?? "never";
  const needsCookie = ["1", "t", "true"].includes(incoming.args.get("require-cookie")?.[0]?.toLowerCase() ?? "");
  const challenge = (isStale: boolean, nonce?: string): Answer =>
    challengeAnswer({ qop, algorithm, isStale, staleAfter, nonce });

  const credentials = parseDigestCredentials(incoming.header("Authorization") ?? "");
  if (credentials === undefined) return challenge(false);
  if (needsCookie && incoming.header("Cookie") === undefined) return challenge(false);

  const cookies = incoming.cookies();
  if (needsCookie && cookies.get("fake") !== "fake_value") {
    return json({ errors: ["missing cookie set on challenge"] }, [cookie("fake", "fake_value")], 403);
  }
  const nonce = credentials.get("nonce") ?? "";
  const usesLeft = cookies.get("stale_after");
  if (cookies.get("last_nonce") === nonce || usesLeft === "0") return challenge(true, nonce);

  const expected = { user: incoming.param("user"), password: incoming.param("passwd") };
  const target = incoming.target.replace(/^[a-z]+:\/\/[^/]*/i, "");
  const request = { method: incoming.method, target, body: await incoming.body() };
  if (!isDigestRight(credentials, expected, request)) return challenge(false, nonce);

  const headers = [cookie("fake", "fake_value")];
  if (usesLeft !== undefined && usesLeft !== "") headers.push(cookie("stale_after", oneLess(usesLeft)));
  return welcome(incoming, headers);
}

interface Challenge {
  qop: string | undefined;
  algorithm: DigestAlgorithm;
  isStale: boolean;
  staleAfter: string;
  /** The nonce that was refused; it is not taken again. */
  nonce: string | undefined;
}

function challengeAnswer({ qop, algorithm, isStale, staleAfter, nonce }: Challenge): Answer {
  return empty(401, [
    ["WWW-Authenticate", digestChallenge(qop, algorithm, isStale)],
    cookie("stale_after", staleAfter),
    ...(nonce === undefined ? [] : [cookie("last_nonce", nonce)]),
    cookie("fake", "fake_value"),
  ]);
}

function cookie(name: string, value: string): HeaderPair {
  return ["Set-Cookie", formatCookie(name, value)];
}

function oneLess(count: string): string {
  try {
    return String(pythonBigInt(count) - 1n);
  } catch {
    return "never";
  }
}

const REQUIRE_COOKIE = { "require-cookie": "1, t or true: only with the cookies of the challenge (default false)" };

/** Basic, bearer and digest. */
export const authenticationRoutes: RouteGroup = {
  title: "Authentication",
  routes: [
    {
      path: "/basic-auth/<user>/<passwd>",
      summary: "Asks for a name and a password (Basic).",
      examples: ["/basic-auth/user/passwd"],
      handle: (incoming) => (isBasicRight(incoming) ? welcome(incoming) : statusAnswer(401)),
    },
    {
      path: "/hidden-basic-auth/<user>/<passwd>",
      summary: "The same, but answers 404 instead of asking.",
      examples: ["/hidden-basic-auth/user/passwd"],
      handle: (incoming) => (isBasicRight(incoming) ? welcome(incoming) : statusAnswer(404)),
    },
    { path: "/bearer", summary: "Asks for a bearer token.", examples: ["/bearer"], handle: answerBearer },
    {
      path: "/digest-auth/<qop>/<user>/<passwd>",
      summary: "Asks for Digest with MD5. qop is auth, auth-int, or anything else for both.",
      query: REQUIRE_COOKIE,
      examples: ["/digest-auth/auth/user/passwd"],
      handle: answerDigest,
    },
    {
      path: "/digest-auth/<qop>/<user>/<passwd>/<algorithm>",
      summary: "Asks for Digest with MD5, SHA-256 or SHA-512.",
      query: REQUIRE_COOKIE,
      examples: ["/digest-auth/auth/user/passwd/SHA-256"],
      handle: answerDigest,
    },
    {
      path: "/digest-auth/<qop>/<user>/<passwd>/<algorithm>/<stale_after>",
      summary: "The same; the nonce is stale after so many requests, or never.",
      query: REQUIRE_COOKIE,
      examples: ["/digest-auth/auth/user/passwd/MD5/3"],
      handle: answerDigest,
    },
  ],
};

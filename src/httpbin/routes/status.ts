import type { Incoming } from "../incoming.js";
import { pythonFloat, pythonInt } from "../numbers.js";
import { TEAPOT } from "../documents.js";
import { complain, empty, isFinalStatus, type Answer, type HeaderPair } from "../responses.js";
import { ALL_METHODS, type RouteGroup } from "../router.js";

const MEDIA_TYPES =
  '{"message": "Client did not request a supported media type.", ' +
  '"accept": ["image/webp", "image/svg+xml", "image/jpeg", "image/png", "image/*"]}';
const REDIRECT: HeaderPair = ["Location", "/redirect/1"];

/** The fields and the body that come with a status. */
const EXTRAS: Readonly<Record<number, { headers?: readonly HeaderPair[]; body?: string }>> = {
  301: { headers: [REDIRECT] },
  302: { headers: [REDIRECT] },
  303: { headers: [REDIRECT] },
  304: {},
  305: { headers: [REDIRECT] },
  307: { headers: [REDIRECT] },
  401: { headers: [["WWW-Authenticate", 'Basic realm="Fake Realm"']] },
  402: { headers: [["X-More-Info", "http://vimeo.com/22053820"]], body: "A coin first, please." },
  406: { headers: [["Content-Type", "application/json"]], body: MEDIA_TYPES },
  407: { headers: [["Proxy-Authenticate", 'Basic realm="Fake Realm"']] },
  418: { headers: [["X-More-Info", "http://tools.ietf.org/html/rfc2324"]], body: TEAPOT },
};

/** The answer with a status, and with what Python's httpbin adds to some of them. */
export function statusAnswer(status: number): Answer {
  if (!isFinalStatus(status)) return complain(400, "Invalid status code");
  const extra = EXTRAS[status];
  if (extra === undefined) return empty(status);
  return { status, headers: extra.headers ?? [], body: extra.body ?? "" };
}

/** One of several by weight: `200,404:3` is 404 three times out of four. */
function chooseStatus(codes: string): number {
  const choices = codes.split(",").map((choice) => {
    const [code = "", weight = "1", ...rest] = choice.split(":");
    if (rest.length > 0) throw new Error("More than one weight");
    return { code: pythonInt(code), weight: pythonFloat(weight) };
  });
  let point = Math.random() * choices.reduce((total, { weight }) => total + weight, 0);
  for (const { code, weight } of choices) {
    point -= weight;
    if (point < 0) return code;
  }
  return choices.at(-1)?.code ?? 400;
}

function answerStatus(incoming: Incoming): Answer {
  const codes = incoming.param("codes");
  let status: number;
  try {
    status = codes.includes(",") ? chooseStatus(codes) : pythonInt(codes);
  } catch {
    return complain(400, "Invalid status code");
  }
  return statusAnswer(status);
}

/** `/status/<codes>`. */
export const statusRoutes: RouteGroup = {
  title: "Status codes",
  routes: [
    {
      path: "/status/<codes>",
      methods: ALL_METHODS,
      summary: "Answers with a status, or with one of several by weight (code:weight).",
      examples: ["/status/404", "/status/418", "/status/200,500:0.5"],
      handle: answerStatus,
    },
  ],
};

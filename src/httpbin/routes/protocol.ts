/** The routes about parts of HTTP that few servers use. */
import type { Incoming } from "../incoming.js";
import { pythonInt, seconds } from "../numbers.js";
import { complain, isFinalStatus, json, reasonPhrase, reply, TEXT, type Answer } from "../responses.js";
import { dumpJson } from "../json.js";
import type { RouteGroup } from "../router.js";

/** Sends a 103 (RFC 8297) before its answer. */
function answerEarlyHints(incoming: Incoming): Answer {
  const count = Math.min(pythonInt(incoming.option("count") ?? "1"), 10);
  return {
    takeOver: async (response) => {
      for (let i = 0; i < count; i++) {
        response.writeEarlyHints({ link: `</style-${i}.css>; rel=preload; as=style` });
        await incoming.sleep(seconds(incoming.option("delay") ?? "0"));
      }
      response.writeHead(200, { "Content-Type": TEXT, "Access-Control-Allow-Origin": "*" });
      response.end(incoming.method === "HEAD" ? undefined : "The hints came before.\n");
    },
  };
}

/** Says whether the client waited for `100 Continue` (RFC 9110 section 10.1.1), or refuses the body before it is sent. */
async function answerExpect(incoming: Incoming): Promise<Answer> {
  const status = pythonInt(incoming.option("status") ?? "200");
  if (!isFinalStatus(status)) return complain(400, "Invalid status code");
  const expect = incoming.header("Expect") ?? null;
  if (status !== 200) return json({ expect, waited: null, bytes: 0 }, [], status);
  // Bytes that have arrived by now were not held back.
  await incoming.sleep(seconds(incoming.option("delay") ?? "0.05"));
  const earlyBytes = incoming.raw.readableLength;
  const body = await incoming.body();
  return json({ expect, waited: expect === null ? null : earlyBytes === 0, bytes: body.length });
}

/** A problem document (RFC 9457). */
function answerProblem(incoming: Incoming): Answer {
  const status = pythonInt(incoming.option("status") ?? "400");
  if (!isFinalStatus(status)) return complain(400, "Invalid status code");
  const problem = {
    type: `${incoming.base}/problem`,
    title: incoming.option("title") ?? reasonPhrase(status),
    status,
    detail: incoming.option("detail") ?? "This is a problem document, as asked for.",
    instance: incoming.path,
  };
  return reply("application/problem+json", dumpJson(problem), [], status);
}

/** `/early-hints`, `/expect-continue` and `/problem`. */
export const protocolRoutes: RouteGroup = {
  title: "Less common HTTP",
  routes: [
    {
      path: "/early-hints",
      summary: "103 Early Hints, then 200.",
      query: { count: "how many, 0 to 10 (default 1)", delay: "seconds after each (default 0)" },
      examples: ["/early-hints"],
      handle: answerEarlyHints,
    },
    {
      path: "/expect-continue",
      methods: ["POST", "PUT", "PATCH"],
      summary: "Says whether the client held its body back until 100 Continue.",
      query: {
        delay: "seconds before 100 Continue (default 0.05)",
        status: "a status other than 200 refuses the body: no 100 Continue (default 200)",
      },
      handle: answerExpect,
    },
    {
      path: "/problem",
      summary: "A problem document (RFC 9457).",
      query: { status: "(default 400)", title: "", detail: "" },
      examples: ["/problem?status=409&title=Out%20of%20tea"],
      handle: answerProblem,
    },
  ],
};

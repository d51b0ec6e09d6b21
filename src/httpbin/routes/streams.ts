/** The routes that take their time or come in pieces. */
import { echoBody, echoHead } from "../echo.js";
import type { Incoming } from "../incoming.js";
import { dumpJsonLine } from "../json.js";
import { pythonFloat, pythonInt, seconds } from "../numbers.js";
import { complain, isFinalStatus, json, OCTETS, reply, TEXT, type Answer, type HeaderPair } from "../responses.js";
import { ALL_METHODS, type RouteGroup } from "../router.js";

const MAX_DRIP = 10 * 1024 * 1024;
const MAX_EVENTS = 1000;
/** Fields that frame or route a message, or that decide about it before it ends (RFC 9110 section 6.5.1). */
const FORBIDDEN_TRAILERS =
  /^(?:transfer-encoding|content-(?:length|encoding|type|range)|trailer|host|connection|te|upgrade|cache-control|expect|max-forwards|pragma|range|authorization|www-authenticate|proxy-.*|set-cookie|cookie|age|expires|date|location|retry-after|vary|warning)$/i;

async function answerDelay(incoming: Incoming): Promise<Answer> {
  await incoming.sleep(Math.min(pythonFloat(incoming.param("seconds")), 10));
  const { json: _json, ...shown } = await echoBody(incoming);
  return json(shown);
}

async function answerDrip(incoming: Incoming): Promise<Answer> {
  const duration = pythonFloat(incoming.option("duration") ?? "2");
  const count = Math.min(pythonInt(incoming.option("numbytes") ?? "10"), MAX_DRIP);
  const status = pythonInt(incoming.option("code") ?? "200");
  if (count <= 0) return complain(400, "number of bytes must be positive");
  if (!isFinalStatus(status)) return complain(400, "Invalid status code");
  await incoming.sleep(Math.max(0, pythonFloat(incoming.option("delay") ?? "0")));
  const headers: HeaderPair[] = [["Content-Length", String(count)]];
  if (duration === 0) return reply(OCTETS, Buffer.alloc(count, "*"), headers, status);
  return reply(OCTETS, drip(incoming, count, duration / count), headers, status);
}

async function* drip(incoming: Incoming, count: number, pause: number): AsyncGenerator<string> {
  for (let i = 0; i < count; i++) {
    if (i > 0) await incoming.sleep(pause);
    yield "*";
  }
}

function answerStream(incoming: Incoming): Answer {
  const count = Math.min(pythonInt(incoming.param("n")), 100);
  const shown = echoHead(incoming);
  async function* lines(): AsyncGenerator<string> {
    for (let id = 0; id < count; id++) yield `${dumpJsonLine({ ...shown, id })}\n`;
  }
  return reply("application/json", lines());
}

/** Some events over some time, in whatever way `format` writes one. */
async function* events(incoming: Incoming, format: (event: string) => string): AsyncGenerator<string> {
  const count = Math.min(Math.max(1, pythonInt(incoming.option("count") ?? "10")), MAX_EVENTS);
  const duration = seconds(incoming.option("duration") ?? "0");
  const jitter = seconds(incoming.option("jitter") ?? "0");
  await incoming.sleep(seconds(incoming.option("delay") ?? "0"));
  for (let id = 0; id < count; id++) {
    if (id > 0) await incoming.sleep(duration / (count - 1) + Math.random() * jitter);
    yield format(dumpJsonLine({ id, timestamp: Date.now() }));
  }
}

function answerEvents(incoming: Incoming): Answer {
  const started = performance.now();
  const body = events(incoming, (event) => `event: ping\ndata: ${event}\n\n`);
  const headers: HeaderPair[] = [
    ["Cache-Control", "no-store"],
    ["Trailer", "Server-Timing"],
  ];
  const timing = (): HeaderPair => ["Server-Timing", `total;dur=${(performance.now() - started).toFixed(1)}`];
  return { ...reply("text/event-stream", body, headers), trailers: () => [timing()] };
}

function answerTrailers(incoming: Incoming): Answer {
  const trailers = Array.from(incoming.args).flatMap(([name, values]) =>
    values.map((value): HeaderPair => [name, value]),
  );
  for (const [name, value] of trailers) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || FORBIDDEN_TRAILERS.test(name)) {
      return complain(400, `${JSON.stringify(name)} cannot be a trailer`);
    }
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return complain(400, `The value of ${name} cannot be sent`);
  }
  async function* body(): AsyncGenerator<string> {
    yield "The trailers follow.\n";
  }
  const names = [...incoming.args.keys()].join(", ");
  return { ...reply(TEXT, body(), names === "" ? [] : [["Trailer", names]]), trailers: () => trailers };
}

const PACE = {
  count: "events, 1 to 1000 (default 10)",
  duration: "seconds, or with a unit as 500ms, from the first to the last (default 0)",
  delay: "the same, before the first (default 0)",
  jitter: "the same, at most so much more between two (default 0)",
};

/** `/delay`, `/drip`, `/stream`, `/sse` and more. */
export const streamRoutes: RouteGroup = {
  title: "Delays and streams",
  routes: [
    {
      path: "/delay/<seconds>",
      methods: ALL_METHODS,
      summary: "Answers after a while, 10 seconds at most.",
      examples: ["/delay/1.5"],
      handle: answerDelay,
    },
    {
      path: "/drip",
      summary: "Sends a body star by star.",
      query: {
        duration: "seconds (default 2)",
        numbytes: "1 to 10485760 (default 10)",
        code: "the status (default 200)",
        delay: "seconds before the headers (default 0)",
      },
      examples: ["/drip?duration=2&numbytes=5"],
      handle: answerDrip,
    },
    {
      path: "/stream/<int:n>",
      summary: "n lines of JSON, at most 100, each its own chunk.",
      examples: ["/stream/3"],
      handle: answerStream,
    },
    {
      path: "/sse",
      summary: "Server-sent events, with a Server-Timing trailer.",
      query: PACE,
      examples: ["/sse?count=3&duration=1s"],
      handle: answerEvents,
    },
    {
      path: "/jsonl",
      summary: "Lines of JSON, one after the other.",
      query: PACE,
      examples: ["/jsonl?count=3&duration=1s"],
      handle: (incoming) =>
        reply(
          "application/x-ndjson",
          events(incoming, (event) => `${event}\n`),
        ),
    },
    {
      path: "/trailers",
      summary: "Sends each name=value of the query as a trailer after a chunked body.",
      examples: ["/trailers?X-Checksum=abc"],
      handle: answerTrailers,
    },
  ],
};

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";

import { HTTPDigestAuth } from "#internal/auth/digest";
import { InvalidHeader, UnrewindableBodyError } from "#internal/exceptions";
import { PreparedRequest } from "#internal/message/prepared";
import { Response } from "#internal/message/response";
import { parseChallenges } from "#internal/http/challenges";

const REALM = "r";

function prepared(url = "http://example.com/a?b=c", data?: unknown): PreparedRequest {
  const request = new PreparedRequest();
  request.prepare({ method: data === undefined ? "GET" : "POST", url, data, auth: null });
  return request;
}

function challenged(parameters: string, statusCode = 401): Response {
  return new Response({ statusCode, headers: { "WWW-Authenticate": `Digest realm="${REALM}", ${parameters}` } });
}

const OK = new Response({ statusCode: 200 });

/** Drives a flow as the exchange does, with one prepared response for each request. */
async function exchange(
  auth: HTTPDigestAuth,
  responses: readonly Response[],
  request = prepared(),
): Promise<PreparedRequest[]> {
  const sent: PreparedRequest[] = [];
  const steps = auth.flow(request);
  let step = await steps.next();
  for (const response of responses) {
    assert.equal(step.done, false, `response ${sent.length + 1} is not waited for`);
    sent.push(step.value);
    step = await steps.next(response);
  }
  assert.equal(step.done, true, "another request is sent");
  return sent;
}

function answerOf(request: PreparedRequest): ReadonlyMap<string, string> | null {
  const header = request.headers.get("Authorization");
  return header === undefined ? null : parseChallenges(header)[0].parameters;
}

/** nonce and nc of each request, "-" for one that is not signed. */
function counts(sent: readonly PreparedRequest[]): string[] {
  return sent.map((request) => {
    const answer = answerOf(request);
    return answer === null ? "-" : `${answer.get("nonce")} ${Number.parseInt(answer.get("nc") ?? "0", 16)}`;
  });
}

const auth = (): HTTPDigestAuth => new HTTPDigestAuth("user", "pass");
const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

describe("the flow of HTTPDigestAuth [digest-auth]", () => {
  it("answers a challenge with a copy, and does not change the request", async () => {
    const request = prepared();
    const sent = await exchange(auth(), [challenged('nonce="n", qop="auth"'), OK], request);
    assert.equal(sent[0], request);
    assert.equal(answerOf(request), null);
    const answer = answerOf(sent[1])!;
    assert.equal(sent[1].url, request.url);
    assert.equal(answer.get("uri"), "/a?b=c");
    const expected = md5(`${md5("user:r:pass")}:n:00000001:${answer.get("cnonce")}:auth:${md5("GET:/a?b=c")}`);
    assert.equal(answer.get("response"), expected);
  });

  it("uses a new client nonce each time", async () => {
    const one = auth();
    const first = await exchange(one, [challenged('nonce="n", qop="auth"'), OK]);
    const second = await exchange(one, [OK]);
    const [before, after] = [answerOf(first[1])!.get("cnonce")!, answerOf(second[0])!.get("cnonce")!];
    assert.match(before, /^[0-9a-f]{32}$/);
    assert.notEqual(before, after);
  });

  const left: [title: string, response: Response][] = [
    ["a 200", OK],
    ["a 401 without a challenge", new Response({ statusCode: 401 })],
    ["a 401 for Basic", new Response({ statusCode: 401, headers: { "WWW-Authenticate": 'Basic realm="r"' } })],
    ["a challenge that cannot be answered", challenged('nonce="n", algorithm=X')],
    ["a challenge of a proxy", challenged('nonce="n"', 407)],
    ["a challenge beside a 200", challenged('nonce="n"', 200)],
    ["a challenge beside a 500", challenged('nonce="n"', 500)],
  ];
  for (const [title, response] of left)
    it(`returns ${title} unchanged`, async () => assert.deepEqual(counts(await exchange(auth(), [response])), ["-"]));

  for (const status of [400, 403, 404, 499])
    it(`answers a challenge of a ${status}, as requests does`, async () => {
      assert.deepEqual(counts(await exchange(auth(), [challenged('nonce="n"', status), OK])), ["-", "n 0"]);
    });

  it("answers the strongest of several fields", async () => {
    const response = new Response({
      statusCode: 401,
      headers: [
        ["WWW-Authenticate", 'Digest realm="r", nonce="weak", algorithm=MD5, qop="auth"'],
        ["WWW-Authenticate", 'Basic realm="r"'],
        ["WWW-Authenticate", 'Digest realm="r", nonce="strong", algorithm=SHA-256, qop="auth"'],
      ],
    });
    assert.deepEqual(counts(await exchange(auth(), [response, OK])), ["-", "strong 1"]);
  });

  it("does not answer a second refusal", async () => {
    const sent = await exchange(auth(), [challenged('nonce="1", qop=auth'), challenged('nonce="2", qop=auth')]);
    assert.deepEqual(counts(sent), ["-", "1 1"]);
  });

  it("answers once more when the nonce was stale, and not a third time", async () => {
    const stale = challenged('nonce="2", qop=auth, stale=true');
    const sent = await exchange(auth(), [
      challenged('nonce="1", qop=auth'),
      stale,
      challenged('nonce="3", qop=auth, stale=true'),
    ]);
    assert.deepEqual(counts(sent), ["-", "1 1", "2 1"]);
  });

  it("signs later requests in advance, and counts the uses of the nonce", async () => {
    const one = auth();
    await exchange(one, [challenged('nonce="n", qop=auth'), OK]);
    assert.deepEqual(counts(await exchange(one, [OK])), ["n 2"]);
    assert.deepEqual(counts(await exchange(one, [OK])), ["n 3"]);
  });

  it("counts on when the server repeats a nonce", async () => {
    const one = auth();
    const challenge = challenged('nonce="n", qop=auth');
    assert.deepEqual(counts(await exchange(one, [challenge, OK])), ["-", "n 1"]);
    assert.deepEqual(counts(await exchange(one, [challenge, OK])), ["n 2", "n 3"]);
  });

  it("computes another answer when one given in advance is refused", async () => {
    const one = auth();
    await exchange(one, [challenged('nonce="1", qop=auth'), OK]);
    assert.deepEqual(counts(await exchange(one, [challenged('nonce="2", qop=auth'), OK])), ["1 2", "2 1"]);
    assert.deepEqual(counts(await exchange(one, [OK])), ["2 2"]);
  });

  it("forgets a nonce that was refused", async () => {
    const one = auth();
    await exchange(one, [challenged('nonce="1", qop=auth'), OK]);
    await exchange(one, [challenged('nonce="2", qop=auth'), challenged('nonce="3", qop=auth')]);
    assert.deepEqual(counts(await exchange(one, [OK])), ["-"]);
  });

  it("forgets a nonce that is answered with a 401 of another scheme", async () => {
    const one = auth();
    await exchange(one, [challenged('nonce="1", qop=auth'), OK]);
    assert.deepEqual(counts(await exchange(one, [new Response({ statusCode: 401 })])), ["1 2"]);
    assert.deepEqual(counts(await exchange(one, [OK])), ["-"]);
  });

  it("never uses one count for two requests", async () => {
    const one = auth();
    const challenge = challenged('nonce="n", qop=auth');
    const flows = Array.from({ length: 20 }, () => one.flow(prepared()));
    await Promise.all(flows.map((flow) => flow.next()));
    const answers = await Promise.all(flows.map((flow) => flow.next(challenge)));
    await Promise.all(flows.map((flow) => flow.next(OK)));
    const advance = await Promise.all(Array.from({ length: 20 }, () => one.flow(prepared()).next()));
    const used = counts([...answers, ...advance].map(({ value }) => value as PreparedRequest));
    assert.deepEqual(
      used,
      used.map((_, at) => `n ${at + 1}`),
    );
  });

  it("uses nextnonce of Authentication-Info", async () => {
    const one = auth();
    const info = new Response({ statusCode: 200, headers: { "Authentication-Info": 'qop=auth, nextnonce="next"' } });
    await exchange(one, [challenged('nonce="n", qop=auth'), info]);
    assert.deepEqual(counts(await exchange(one, [info])), ["next 1"]);
    assert.deepEqual(counts(await exchange(one, [OK])), ["next 2"]);
  });

  for (const info of ["", "nextnonce=", 'nextnonce="\\\x01"', "rspauth=1, cnonce=2", '=,"nextnonce'])
    it(`keeps its nonce for Authentication-Info ${JSON.stringify(info)}`, async () => {
      const one = auth();
      const response = new Response({ statusCode: 200, headers: { "Authentication-Info": info } });
      await exchange(one, [challenged('nonce="n", qop=auth'), response]);
      assert.deepEqual(counts(await exchange(one, [OK])), ["n 2"]);
    });

  it("does not return to an old nonce after a slow response", async () => {
    const one = auth();
    await exchange(one, [challenged('nonce="1", qop=auth'), OK]);
    const slow = one.flow(prepared());
    await slow.next();
    await exchange(one, [challenged('nonce="2", qop=auth, stale=true'), OK]);
    await slow.next(OK);
    assert.deepEqual(counts(await exchange(one, [OK])), ["2 2"]);
  });

  it("keeps client nonce and first nonce for -sess until the next challenge", async () => {
    const one = auth();
    const info = new Response({ statusCode: 200, headers: { "Authentication-Info": 'nextnonce="n2"' } });
    const first = await exchange(one, [challenged('nonce="n1", qop=auth, algorithm=MD5-sess'), info]);
    const second = await exchange(one, [OK]);
    const cnonce = answerOf(first[1])!.get("cnonce")!;
    const answer = answerOf(second[0])!;
    assert.equal(answer.get("cnonce"), cnonce);
    const a1 = md5(`${md5("user:r:pass")}:n1:${cnonce}`);
    assert.equal(answer.get("response"), md5(`${a1}:n2:00000001:${cnonce}:auth:${md5("GET:/a?b=c")}`));
  });

  describe("origins and protection spaces", () => {
    const saved = async (parameters: string): Promise<HTTPDigestAuth> => {
      const one = auth();
      await exchange(one, [challenged(`nonce="n", qop=auth${parameters}`), OK], prepared("http://example.com/a/x"));
      return one;
    };
    const table: [domain: string, url: string, isSigned: boolean][] = [
      ["", "http://example.com/elsewhere", true],
      ["", "http://EXAMPLE.com:80/elsewhere", true],
      ["", "https://example.com/a/x", false],
      ["", "http://example.com:8080/a/x", false],
      ["", "http://www.example.com/a/x", false],
      ["", "http://example.com.evil.org/a/x", false],
      [', domain="/a /b"', "http://example.com/a/y?z", true],
      [', domain="/a /b"', "http://example.com/b", true],
      [', domain="/a /b"', "http://example.com/c", false],
      [', domain="http://example.com:80/q"', "http://example.com/q", true],
      [', domain="http://other.example/"', "http://other.example/", false],
      [', domain="http://other.example/"', "http://example.com/a/x", false],
      [', domain="http://[ /a"', "http://example.com/a/y", true],
      [', domain="/a%2fb/ /ä"', "http://example.com/a%2fb/x", true],
      [', domain="/caf\xc3\xa9/"', "http://example.com/café/x", true],
      [', domain="HTTP://EXAMPLE.COM/q/../r"', "http://example.com/r", true],
      [', domain="http://example.com"', "http://example.com/any", true],
    ];
    for (const [domain, url, isSigned] of table)
      it(`${isSigned ? "signs" : "does not sign"} ${url} in advance${domain}`, async () => {
        const sent = await exchange(await saved(domain), [OK], prepared(url));
        assert.deepEqual(counts(sent), [isSigned ? "n 2" : "-"]);
      });

    it("remembers several protection spaces of an origin", async () => {
      const one = auth();
      for (const [realm, path] of [
        ["one", "/1"],
        ["two", "/2"],
      ]) {
        const header = `Digest realm="${realm}", nonce="${realm}", qop=auth, domain="${path}"`;
        const response = new Response({ statusCode: 401, headers: { "WWW-Authenticate": header } });
        await exchange(one, [response, OK], prepared(`http://example.com${path}`));
      }
      assert.deepEqual(counts(await exchange(one, [OK], prepared("http://example.com/1/a"))), ["one 2"]);
      assert.deepEqual(counts(await exchange(one, [OK], prepared("http://example.com/2/a"))), ["two 2"]);
    });

    it("remembers at most a hundred origins", async () => {
      const one = auth();
      for (let port = 1000; port <= 1100; port += 1)
        await exchange(one, [challenged('nonce="n", qop=auth'), OK], prepared(`http://h:${port}/`));
      assert.deepEqual(counts(await exchange(one, [OK], prepared("http://h:1100/"))), ["n 2"]);
      assert.deepEqual(counts(await exchange(one, [OK], prepared("http://h:1000/"))), ["-"]);
    });
  });

  describe("auth-int", () => {
    async function* stream(): AsyncGenerator<string> {
      yield "body";
    }
    const expected = (answer: ReadonlyMap<string, string>, body: string): string =>
      md5(
        `${md5("user:r:pass")}:n:00000001:${answer.get("cnonce")}:auth-int:${md5(`${body === "" ? "GET" : "POST"}:/a?b=c:${md5(body)}`)}`,
      );

    for (const [title, data, body] of [
      ["text", "bödy", "bödy"],
      ["bytes", Buffer.from("bytes"), "bytes"],
      ["a form", { a: "1" }, "a=1"],
      ["no body", undefined, ""],
    ] as const)
      it(`hashes ${title}`, async () => {
        const sent = await exchange(auth(), [challenged('nonce="n", qop="auth-int"'), OK], prepared(undefined, data));
        const answer = answerOf(sent[1])!;
        assert.equal(answer.get("qop"), "auth-int");
        assert.equal(answer.get("response"), expected(answer, body));
      });

    it("is skipped for a stream when there is another challenge, even a weaker one", async () => {
      const response = new Response({
        statusCode: 401,
        headers: {
          "WWW-Authenticate":
            'Digest realm="r", nonce="strong", algorithm=SHA-256, qop="auth-int", Digest realm="r", nonce="weak", qop="auth"',
        },
      });
      const sent = await exchange(auth(), [response, OK], prepared(undefined, stream()));
      assert.deepEqual(counts(sent), ["-", "weak 1"]);
    });

    it("alone throws an error with advice for a stream", async () => {
      const response = challenged('nonce="n", qop="auth-int"');
      const steps = auth().flow(prepared(undefined, stream()));
      await steps.next();
      await assert.rejects(steps.next(response), (error: Error) => {
        assert.ok(error instanceof UnrewindableBodyError);
        assert.equal(error.response, response);
        assert.match(error.message, /auth-int.*stream.*read it into a Buffer/);
        return true;
      });
    });

    it("is not used in advance for a stream", async () => {
      const one = auth();
      await exchange(one, [challenged('nonce="n", qop="auth-int"'), OK]);
      assert.deepEqual(counts(await exchange(one, [OK], prepared(undefined, stream()))), ["-"]);
      assert.deepEqual(counts(await exchange(one, [OK])), ["n 2"]);
    });
  });

  it("refuses control characters in the user name, and invalid credentials", () => {
    assert.throws(() => new HTTPDigestAuth("us\r\ner", "pass"), InvalidHeader);
    assert.throws(() => new HTTPDigestAuth("user", undefined as unknown as string), TypeError);
  });
});

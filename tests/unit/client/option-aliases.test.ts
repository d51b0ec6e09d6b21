/** Options of other clients, and what they are called here. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Session } from "requests-ts";
import { CALL_OPTIONS, SESSION_OPTIONS } from "#internal/client/options";
import { unknownRequestOption } from "#internal/client/option-aliases";

const CALL = [...CALL_OPTIONS.keys()];

describe("an option of another client", () => {
  const table: readonly (readonly [names: string, hint: RegExp])[] = [
    ["body", /Did you mean "json" or "data"\?/],
    ["query searchParams qs", /Did you mean "params"\?/],
    ["form", /Did you mean "data"\?/],
    ["multipart formData", /Did you mean "files"\?/],
    ["retry maxRetries max_retries", /Did you mean "retries"\? It takes a number/],
    ["baseURL baseUrl prefixUrl", /new Session\(\{ baseUrl/],
    ["proxy", /Did you mean "proxies"\? It maps/],
    ["responseType resolveBodyOnly", /response\.json\(\), response\.text/],
    ["validateStatus throwHttpErrors simple", /Did you mean "raiseForStatus"\? true throws HTTPError/],
    ["redirect followRedirects followRedirect", /Did you mean "allowRedirects"\?/],
    ["maxRedirects", /new Session\(\{ maxRedirects: 5 \}\)/],
    ["rejectUnauthorized strictSSL", /Did you mean "verify"\? false/],
    ["ca cafile", /Did you mean "verify"\? It takes PEM text or bytes/],
    ["key pfx passphrase", /Did you mean "cert"\?/],
    ["agent dispatcher httpsAgent httpAgent socketPath lookup http2", /new HTTPAdapter\(/],
    ["withCredentials credentials", /Session keeps and sends cookies/],
    ["username password user", /Did you mean "auth"\?/],
    ["token", /HTTPBearerAuth/],
    ["cancelToken", /Did you mean "signal"\?/],
    ["connectTimeout timeoutMs", /Did you mean "timeout"\? In seconds/],
    ["trustEnv trust_env", /new Session\(\{ trustEnv: false \}\)/],
    ["cookieJar jar", /Did you mean "cookies"\?/],
    ["interceptors", /Did you mean "hooks"\?/],
    ["decompress", /Did you mean "decode"\? false/],
    ["maxSockets", /new Session\(\{ maxConnections: 20 \}\)/],
    ["maxContentLength", /Did you mean "maxResponseSize"\?/],
    ["onProgress", /"onDownloadProgress" or "onUploadProgress"/],
    ["url method", /It is an argument/],
    ["cache mode keepalive", /session\.fetch/],
  ];
  for (const [names, hint] of table)
    for (const name of names.split(" "))
      it(name, () => {
        const { message } = unknownRequestOption(name, CALL, "get()");
        assert.ok(message.startsWith(`Unknown option "${name}" for get(). `), message);
        assert.match(message, hint);
      });

  it("is accepted where it is an option here too", () => {
    const message = (name: string): string => unknownRequestOption(name, SESSION_OPTIONS.keys(), "Session").message;
    assert.match(message("retry"), /^Unknown option "retry" for Session\. Did you mean "retries"\? It takes a number/);
    assert.equal(message("baseURL"), 'Unknown option "baseURL" for Session. Did you mean "baseUrl"?');
    assert.equal(message("prefixUrl"), 'Unknown option "prefixUrl" for Session. Did you mean "baseUrl"?');
  });

  it("is named by new Session() too", () => {
    assert.throws(() => new Session({ proxy: "http://p" } as object), {
      name: "TypeError",
      message: /^Unknown option "proxy" for Session\. Did you mean "proxies"\?/,
    });
    assert.throws(() => new Session({ agent: {} } as object), /new HTTPAdapter\(/);
  });

  it("is not suggested for unrelated names", () => {
    assert.match(unknownRequestOption("zzzzzzzz", CALL, "get()").message, /Valid options: params, data, json, /);
  });
});

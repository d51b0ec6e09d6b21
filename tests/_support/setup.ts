/** Loaded before every test file: no test sees the proxies, credentials or certificates of the machine it runs on. */
import { beforeEach } from "node:test";

const AMBIENT =
  /^(https?_proxy|all_proxy|no_proxy|requests_ca_bundle|curl_ca_bundle|ssl_cert_file|ssl_cert_dir|sslkeylogfile|netrc|request_method)$/i;

function clearAmbientVariables(): void {
  for (const name of Object.keys(process.env)) if (AMBIENT.test(name)) delete process.env[name];
  process.env["NETRC"] = "/nonexistent/netrc";
}

clearAmbientVariables();
beforeEach(clearAmbientVariables);

// A program that a test starts is not a test: it would load this file too, and speak the test runner's protocol.
delete process.env["NODE_OPTIONS"];
delete process.env["NODE_TEST_CONTEXT"];

/** The place where scenes are played: servers and folders that exist for the length of the tour. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { httpbin } from "requests-ts/httpbin";

import { playScene, type Outcome, type Scene } from "./scene.js";

/** A place to play scenes, until `close()`. */
export interface Theatre extends AsyncDisposable {
  readonly base: string;
  readonly lab: string;
  play(scene: Scene): Promise<Outcome>;
}

/** @param base - The httpbin to play on; undefined starts this package's own. */
export async function openTheatre(base?: string): Promise<Theatre> {
  const server = await httpbin();
  const place = { base: base?.replace(/\/+$/, "") ?? server.url, lab: server.url };
  return {
    ...place,
    async play(scene) {
      const folder = await mkdtemp(join(tmpdir(), "requests-ts-tour-"));
      try {
        return await playScene(scene, { ...place, folder });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/**
 * The tour shows the package, not the machine: credentials of netrc and certificate settings stay out, and no proxy
 * stands between it and its own server.
 *
 * @param environment - `process.env`, changed in place.
 */
export function calmEnvironment(environment: NodeJS.ProcessEnv): void {
  for (const name of ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]) delete environment[name];
  environment["NETRC"] = join(tmpdir(), "no-such-netrc");
  const direct = ["127.0.0.1", "localhost", environment["NO_PROXY"] ?? environment["no_proxy"]].filter(Boolean);
  delete environment["no_proxy"];
  environment["NO_PROXY"] = direct.join(",");
}

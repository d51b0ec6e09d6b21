/** The server of a call: two origins that share one script and one record; server.py is its twin. */
import { rawServer, type Peer, type RawServer } from "../_support/raw-server.js";
import type { Answer, Json, Sent } from "./calls.js";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Milliseconds after which a client is disconnected that waits for more than the script has. */
const PATIENCE = 1000;

export class ScriptServer {
  readonly sent: Sent[] = [];
  readonly #answers: readonly Answer[];
  #origins: readonly RawServer[] = [];

  constructor(answers: readonly Answer[] = [OK]) {
    this.#answers = answers;
  }

  async listen(): Promise<this> {
    this.#origins = [await rawServer((peer) => this.#serve(peer, 1)), await rawServer((peer) => this.#serve(peer, 2))];
    return this;
  }

  /** Placeholders become the addresses of this run. */
  fill<T extends Json>(value: T): T {
    return filled(value, [...this.#names()]) as T;
  }

  /** The addresses of this run become placeholders. */
  mask(text: string): string {
    for (const [origin, name] of this.#hosts()) text = text.replaceAll(origin, name);
    return text;
  }

  async close(): Promise<void> {
    for (const origin of this.#origins) await origin.close();
  }

  #hosts(): [string, string][] {
    return this.#origins.map((origin, index) => [origin.address, index === 0 ? "{host}" : "{otherhost}"]);
  }

  *#names(): Generator<[string, string]> {
    const [first, second] = this.#origins;
    yield* [
      ["{origin}", first.url],
      ["{host}", first.address],
      ["{other}", second.url],
      ["{otherhost}", second.address],
    ] satisfies [string, string][];
  }

  async #serve(peer: Peer, origin: number): Promise<void> {
    peer.socket.setTimeout(PATIENCE, () => peer.socket.destroy());
    for (;;) {
      const { head, body } = await peer.request();
      const answer = this.fill<Answer>(this.#answers[Math.min(this.sent.length, this.#answers.length - 1)]);
      this.sent.push({ origin, connection: peer.number, bytes: this.mask(head + body) });
      const { bytes, then } = answerBytes(answer);
      if (bytes.length > 0) await peer.send(bytes);
      if (then === "reset") peer.reset();
      else if (then === "close") peer.end();
      if (then !== undefined) return peer.gone;
    }
  }
}

function filled(value: Json, names: readonly (readonly [string, string])[]): Json {
  if (typeof value === "string") return names.reduce((text, [name, address]) => text.replaceAll(name, address), value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => filled(item, names));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [filled(name, names) as string, filled(item, names)]),
  );
}

function answerBytes(answer: Answer): { bytes: Buffer; then: string | undefined } {
  const { text = "", utf8 = "", base64 = "", then } = typeof answer === "string" ? { text: answer } : answer;
  const body = Buffer.concat([Buffer.from(utf8, "utf8"), Buffer.from(base64, "base64")]);
  const head = text.replaceAll("{length}", String(body.length));
  return { bytes: Buffer.concat([Buffer.from(head, "latin1"), body]), then };
}

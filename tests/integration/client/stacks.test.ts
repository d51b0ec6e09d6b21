/** The stack of a network error names the line of the caller. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

import { Session, type RequestException, type Response } from "requests-ts";
import { mockRequests } from "requests-ts/testing";

const URL_ = "http://api.example.test/x";

async function failure(call: () => PromiseLike<unknown>): Promise<RequestException> {
  try {
    await call();
  } catch (error) {
    return error as RequestException;
  }
  return assert.fail("the call should have failed");
}

function assertNames(error: RequestException, ...names: string[]): void {
  for (const name of names) assert.match(error.stack ?? "", new RegExp(`at async .*${name}`));
}

describe("the stack of an error that a socket reported", () => {
  for (const [name, reply] of [
    ["a reset", { error: "reset" }],
    ["a cut body", { text: "abcdef", cut: 2 }],
    ["a refused connection", { error: "refused" }],
    ["a timeout", { delay: 30 }],
  ] as const)
    it(`names the caller: ${name}`, async () => {
      const session = new Session({ timeout: 0.05 });
      mockRequests(session).any(URL_, reply);
      async function theCaller(): Promise<void> {
        await session.get(URL_);
      }
      async function itsCaller(): Promise<void> {
        await theCaller();
      }
      assertNames(await failure(itsCaller), "theCaller", "itsCaller");
    });

  it("names the caller of each kind of call", async () => {
    const session = new Session();
    mockRequests(session).any(URL_, { error: "reset" } as never);
    async function callsPost(): Promise<void> {
      await session.post(URL_, { json: 1 });
    }
    async function callsJson(): Promise<void> {
      await session.get(URL_).raiseForStatus().json();
    }
    async function sendsPrepared(): Promise<void> {
      await session.request("GET", URL_);
    }
    async function callsPaginate(): Promise<void> {
      for await (const _ of session.paginate(URL_));
    }
    for (const call of [callsPost, callsJson, sendsPrepared, callsPaginate])
      assertNames(await failure(call), call.name);
  });

  it("keeps the frames that lead to the cause, and adds each caller once", async () => {
    const session = new Session();
    mockRequests(session).any(URL_, { error: "reset" } as never);
    async function theCaller(): Promise<void> {
      await session.get(URL_);
    }
    const { stack = "" } = await failure(theCaller);
    assert.equal(stack.split("theCaller").length, 2, stack);
    assert.match(stack.split("\n")[1], /^ {4}at (?!async)/);
  });
});

describe("the stack of an error of a streamed body", () => {
  const drained = async (items: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of items);
  };
  const readers: readonly (readonly [string, (response: Response) => Promise<unknown>])[] = [
    ["iterContent()", (response) => drained(response.iterContent())],
    ["iterContent(1)", (response) => drained(response.iterContent(1))],
    ["iterLines()", (response) => drained(response.iterLines())],
    ["iterEvents()", (response) => drained(response.iterEvents())],
    ["iterating it", (response) => drained(response)],
    ["read()", (response) => response.read()],
    ["saveTo()", (response) => response.saveTo(join(tmpdir(), "requests-stack"))],
    ["raw.read()", (response) => response.raw.read()],
    ["iterating raw", (response) => drained(response.raw)],
  ];
  // The body breaks off while it is waited for, and before it is read.
  for (const delay of [0, 30])
    for (const [name, read] of readers)
      it(`names the reader: ${name}${delay > 0 ? ", after the body broke off" : ""}`, async () => {
        const session = new Session();
        mockRequests(session).any(URL_, { text: "abcdef", cut: 2 });
        const response = await session.get(URL_, { stream: true });
        await new Promise((resolve) => setTimeout(resolve, delay));
        async function theReader(): Promise<void> {
          await read(response);
        }
        async function itsCaller(): Promise<void> {
          await theReader();
        }
        const { stack = "" } = await failure(itsCaller);
        for (const frame of ["theReader", "itsCaller"])
          assert.match(stack, new RegExp(`at (async )?.*${frame}`), stack);
      });
});

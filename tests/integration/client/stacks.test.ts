/** The stack of a network error names the line of the caller. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Session, type RequestException } from "requests-ts";
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

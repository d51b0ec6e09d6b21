import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ReceiveWindow } from "#internal/wire/http2/receive-window";

describe("a receive window", () => {
  it("refuses more than is available, and counts nothing then", () => {
    const window = new ReceiveWindow(10);
    assert.equal(window.receive(4), true);
    assert.equal(window.receive(7), false);
    assert.equal(window.available, 6);
    assert.equal(window.receive(6), true);
    assert.equal(window.receive(1), false);
    assert.equal(window.receive(0), true);
  });

  it("gives back what was used when it is half of the window", () => {
    const window = new ReceiveWindow(10);
    window.receive(10);
    assert.equal(window.use(0), 0);
    assert.equal(window.use(4), 0);
    assert.equal(window.use(1), 5);
    assert.equal(window.available, 5);
    assert.equal(window.use(5), 5);
    assert.equal(window.available, 10);
  });

  it("may become negative, and accepts empty frames then", () => {
    const window = new ReceiveWindow(10);
    window.receive(8);
    window.adjust(-5);
    assert.equal(window.available, -3);
    assert.equal(window.receive(0), true);
    assert.equal(window.receive(1), false);
    assert.equal(window.use(8), 8);
    assert.equal(window.receive(5), true);
  });
});

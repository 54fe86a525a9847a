import assert from "node:assert/strict";
import { test } from "node:test";
import { afterClose, parse, resumeUrl } from "../../dashboard/static/micboard/js/protocol.js";
import { vectors } from "./vectors.js";

for (const { name, frame } of vectors("frames").cases) {
  test(`a frame is understood: ${name}`, () => {
    assert.deepEqual(parse(JSON.stringify(frame)), frame);
  });
}

for (const text of ["", "{", "null", "7", "[]", '"initial_data"', "{}", '{"type":"connection_update"}']) {
  test(`not a frame of this page: ${text}`, () => {
    assert.equal(parse(text), null);
  });
}

for (const code of [1000, 1001, 1005, 1006, 1011, 1012]) {
  test(`a connection that closes with ${code} is tried again`, () => {
    assert.deepEqual(afterClose(code), { act: "retry", why: null });
  });
}

for (const code of [1013, 4429]) {
  test(`a server that closes with ${code} is given time`, () => {
    assert.deepEqual(afterClose(code), { act: "backoff", why: null });
  });
}

test("somebody who is not signed in is asked to", () => {
  assert.equal(afterClose(4401).act, "sign-in");
});

for (const code of [4400, 4403]) {
  test(`there is no use in trying again after ${code}, and a sentence says why`, () => {
    const { act, why } = afterClose(code);

    assert.equal(act, "stop");
    assert.match(why, /\.$/);
  });
}

test("the first connection asks for everything", () => {
  assert.equal(
    resumeUrl("ws://h/ws/devices/?mode=batch", { epoch: null, seq: 0 }),
    "ws://h/ws/devices/?mode=batch",
  );
});

test("a later one asks for what was missed", () => {
  assert.equal(
    resumeUrl("ws://h/ws/devices/?mode=batch", { epoch: "9f3a1c", seq: 418 }),
    "ws://h/ws/devices/?mode=batch&since=418&epoch=9f3a1c",
  );
});

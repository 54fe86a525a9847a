import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, emptyBoard } from "../../dashboard/static/micboard/js/store.js";
import { vectors } from "./vectors.js";

const told = ({ epoch, seq, intervals, channels, alerts }) => ({ epoch, seq, intervals, channels, alerts });

for (const { name, old, windows, new: after } of vectors("law").cases) {
  test(`an old board and its windows make the new one: ${name}`, () => {
    const board = emptyBoard();
    apply(board, old);

    for (const window of windows) assert.notEqual(apply(board, window), null);

    const fresh = emptyBoard();
    apply(fresh, after);
    assert.deepEqual(told(board), told(fresh));
  });
}

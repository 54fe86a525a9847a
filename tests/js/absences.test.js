import assert from "node:assert/strict";
import { test } from "node:test";
import { AWAY, absenceAt, within, write } from "../../dashboard/static/micboard/js/device/absences.js";

const OVER = { since: 100, until: 200 };
const STILL = { since: 300, until: null };

test("as much of an absence is drawn as is in the range", () => {
  assert.deepEqual(within([OVER, STILL], { since: 150, until: 400 }), [
    [150, 200],
    [300, 400],
  ]);
  assert.deepEqual(within([OVER, STILL], { since: 210, until: 290 }), []);
});

test("an instant is in an absence between its ends", () => {
  assert.equal(absenceAt([OVER, STILL], 150), OVER);
  assert.equal(absenceAt([OVER, STILL], 9000), STILL);
  assert.equal(absenceAt([OVER, STILL], 200), null);
});

/** What would be written into a box, where a letter is 7 px wide, and whether upright. */
function written(width, height) {
  const told = { lines: [], upright: false };
  const ctx = {
    save() {},
    restore() {},
    translate() {},
    fillRect() {},
    measureText: (text) => ({ width: 7 * text.length }),
    rotate: () => {
      told.upright = true;
    },
    fillText: (line) => told.lines.push(line),
  };
  write(ctx, { x: 0, y: 0, width, height }, {}, 1);
  return told;
}

test("the words stand where they fit", () => {
  const two = ["Micboard", "was away"];

  assert.deepEqual(written(200, 150), { lines: [AWAY], upright: false });
  assert.deepEqual(written(80, 150), { lines: two, upright: false });
  assert.deepEqual(written(30, 150), { lines: [AWAY], upright: true });
  assert.deepEqual(written(40, 100), { lines: two, upright: true });
  assert.deepEqual(written(10, 150), { lines: [], upright: false });
});

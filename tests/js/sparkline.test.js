import assert from "node:assert/strict";
import { test } from "node:test";
import { advanced, noted, path, told } from "../../dashboard/static/micboard/js/sparkline.js";

test("a line has a gap where nothing is known, and a dot where one minute is", () => {
  assert.equal(path([-30, -65, null, -100]), "M0 0h.01L1 10M3 20h.01");
  assert.equal(path([null, null]), "");
});

test("what is off the scale stays in the picture", () => {
  assert.equal(path([0, -130]), "M0 0h.01L1 20");
});

test("it is told in words, with a real minus", () => {
  assert.equal(told([-88, null, -55]), "RF of 30 minutes: −88 to −55 dBm");
  assert.equal(told([null]), "RF of 30 minutes: not known");
});

test("a minute keeps the weakest of its levels", () => {
  assert.deepEqual(noted([-50, -60], -70), [-50, -70]);
  assert.deepEqual(noted([-50, -60], -55), [-50, -60]);
  assert.deepEqual(noted([-50, null], -55), [-50, -55]);
  assert.deepEqual(noted([-50, -60], null), [-50, -60]);
});

test("the next minute begins with the level that holds", () => {
  assert.deepEqual(advanced([-50, -60], -55), [-60, -55]);
});

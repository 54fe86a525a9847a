import assert from "node:assert/strict";
import { test } from "node:test";
import {
  arrangement,
  counts,
  firstPage,
  nextPage,
  ordered,
  pages,
  strip,
} from "../../dashboard/static/micboard/js/order.js";
import { vectors } from "./vectors.js";

const { channels, orders } = vectors("order");
const stateOf = ({ state }) => state;
const ids = (rows) => rows.map(({ device_id }) => device_id);
const inStates = (...states) => states.map((state, number) => ({ device_id: `M${number}`, state }));

for (const { group, sort, ids: expected } of orders) {
  test(`by ${sort}, ${group ? `in the group ${group}` : "without a group"}`, () => {
    assert.deepEqual(ids(ordered(channels, { group, sort }, stateOf)), expected);
  });
}

test("every state is counted, those of nobody too", () => {
  const found = counts(inStates("ok", "critical", "ok"), stateOf);

  assert.deepEqual(found, { critical: 1, offline: 0, warning: 0, stale: 0, ok: 2, off: 0 });
});

test("the strip holds trouble only, worst first, otherwise in its order", () => {
  const row = inStates("warning", "ok", "critical", "stale", "offline", "warning", "off");

  assert.deepEqual(strip(row, 7, stateOf), { first: [row[2], row[4], row[0], row[5]], more: 0 });
});

test("a strip that is too short says how many it leaves out", () => {
  const row = inStates("warning", "warning", "critical", "offline");

  assert.deepEqual(strip(row, 3, stateOf), { first: [row[2], row[3]], more: 2 });
});

test("24 tiles stand on one page at 1920 by 1080, six across", () => {
  assert.deepEqual(arrangement(24, { width: 1920, height: 1080 - 52 }), { columns: 6, perPage: 24 });
});

test("twelve tiles on a laptop stand four across", () => {
  assert.deepEqual(arrangement(12, { width: 1440, height: 900 - 52 }), { columns: 4, perPage: 12 });
});

test("a larger screen has larger tiles and not more of them", () => {
  assert.deepEqual(arrangement(100, { width: 3840, height: 2160 - 104 }), { columns: 6, perPage: 24 });
});

test("there is always room for one tile", () => {
  assert.deepEqual(arrangement(5, { width: 200, height: 100 }), { columns: 1, perPage: 1 });
  assert.equal(arrangement(0, { width: 1440, height: 900 - 52 }).perPage, 12);
});

test("25 channels are two pages, and none are none", () => {
  const many = inStates(...Array(25).fill("ok"));

  assert.deepEqual(pages(many, 24), [many.slice(0, 24), many.slice(24)]);
  assert.deepEqual(pages([], 24), []);
});

test("pages with trouble take their turns first", () => {
  const found = [inStates("ok"), inStates("warning"), inStates("off"), inStates("critical")];

  const turns = [firstPage(found, stateOf)];
  while (turns.length < 5) turns.push(nextPage(found, turns.at(-1), stateOf));

  assert.deepEqual(turns, [1, 3, 0, 2, 1]);
});

test("without pages the first is shown", () => {
  assert.equal(firstPage([], stateOf), 0);
});

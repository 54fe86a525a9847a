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

const { channels, orders, by_name } = vectors("order");
const stateOf = ({ state }) => state;
const ids = (rows) => rows.map(({ device_id }) => device_id);
const inStates = (...states) => states.map((state, number) => ({ device_id: `M${number}`, state }));

for (const { group, sort, ids: expected } of orders) {
  test(`by ${sort}, ${group ? `in the group ${group}` : "without a group"}`, () => {
    assert.deepEqual(ids(ordered(channels, { group, sort }, stateOf)), expected);
  });
}

test("names stand in the same order everywhere, whatever the reader's language", () => {
  const rows = by_name.map((name, number) => ({ ...channels[0], device_id: `M${number}`, name }));

  const sorted = ordered([...rows].reverse(), { group: null, sort: "name" }, stateOf);

  assert.deepEqual(
    sorted.map(({ name }) => name),
    by_name,
  );
});

test("every state is counted, those of nobody too", () => {
  const found = counts(inStates("ok", "critical", "ok"), stateOf);

  assert.deepEqual(found, { critical: 1, offline: 0, warning: 0, stale: 0, ok: 2, off: 0 });
});

test("the strip holds trouble only, worst first, otherwise in its order", () => {
  const row = inStates("warning", "ok", "critical", "stale", "offline", "warning", "off");

  assert.deepEqual(strip(row, { most: 7, crowded: 6 }, stateOf), {
    first: [row[2], row[4], row[0], row[5]],
    more: 0,
  });
});

test("who needs a hand comes before what somebody has in hand", () => {
  const row = inStates("critical", "warning", "critical", "offline");
  row[0].alert = { rule: "battery_low", severity: "critical", state: "acknowledged" };

  assert.deepEqual(strip(row, { most: 7, crowded: 6 }, stateOf).first, [row[2], row[3], row[1], row[0]]);
});

test("pages on which all trouble is in hand wait with those that have none", () => {
  const row = inStates("critical", "ok", "warning");
  row[0].alert = { rule: "battery_low", severity: "critical", state: "acknowledged" };

  assert.equal(firstPage(pages(row, 1), stateOf), 2);
});

test("a strip that is too short says how many it leaves out", () => {
  const row = inStates("warning", "warning", "critical", "offline");

  assert.deepEqual(strip(row, { most: 3, crowded: 2 }, stateOf), { first: [row[2], row[3]], more: 2 });
});

test("a strip shows the worst of all however little room there is", () => {
  const row = inStates("warning", "critical");

  assert.deepEqual(strip(row, { most: 1, crowded: 0 }, stateOf), { first: [row[1]], more: 1 });
});

const rooms = {
  "a laptop": { width: 90, height: 53 },
  "full HD": { width: 120, height: 64.25 },
  "a tablet": { width: 48, height: 58 },
};
for (const [screen, count, columns, rows, perPage] of [
  ["full HD", 24, 6, 4, 24],
  ["full HD", 25, 5, 3, 13],
  ["full HD", 3, 3, 1, 3],
  ["full HD", 100, 5, 4, 20],
  ["a laptop", 0, 1, 1, 1],
  ["a laptop", 1, 1, 1, 1],
  ["a laptop", 2, 2, 1, 2],
  ["a laptop", 3, 3, 1, 3],
  ["a laptop", 5, 3, 2, 5],
  ["a laptop", 12, 4, 3, 12],
  ["a laptop", 25, 3, 3, 9],
  ["a tablet", 12, 2, 3, 6],
]) {
  test(`on ${screen} ${count} tiles stand ${columns} by ${rows}, ${perPage} to a page`, () => {
    assert.deepEqual(arrangement(count, rooms[screen]), { columns, rows, perPage });
  });
}

test("there is always room for one tile", () => {
  assert.deepEqual(arrangement(5, { width: 12, height: 6 }), { columns: 1, rows: 1, perPage: 1 });
});

test("no page is left nearly empty, and none holds more than 24", () => {
  for (let count = 1; count <= 200; count += 1) {
    const { columns, rows, perPage } = arrangement(count, rooms["full HD"]);
    const onLastPage = count % perPage || perPage;

    assert.ok(perPage <= Math.min(24, columns * rows), `${count}`);
    assert.ok(perPage - onLastPage < Math.ceil(count / perPage), `${count}`);
  }
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

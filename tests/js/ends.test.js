import assert from "node:assert/strict";
import { test } from "node:test";
import { endOf, nextTime, told } from "../../dashboard/static/micboard/js/ends.js";
import { vectors } from "./vectors.js";

const { places, cases } = vectors("ends");

for (const { name, now, locations, until, own_zone, told: expected } of cases) {
  test(name, () => {
    const nowMs = Date.parse(now);
    const channels = locations.map((location) => ({ location }));

    const end = endOf(channels, places, nowMs, until);

    assert.deepEqual(end && told(end, nowMs, own_zone), expected);
  });
}

test("a wall whose channels have no place has its own end by the reader's clock", () => {
  const now = new Date(2026, 10, 22, 20, 16, 30);

  const ms = nextTime("22:30", undefined, now.getTime());

  assert.equal(ms, new Date(2026, 10, 22, 22, 30).getTime());
});

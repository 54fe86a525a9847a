import assert from "node:assert/strict";
import { test } from "node:test";
import { interval } from "../../dashboard/static/micboard/js/age.js";
import { face } from "../../dashboard/static/micboard/js/face.js";
import { vectors } from "./vectors.js";

const { channel: base, intervals, cases } = vectors("faces");

for (const { name, now, channel: values, face: expected } of cases) {
  test(name, () => {
    const channel = { ...base, ...values };

    const drawn = face(channel, {
      seen: { at: channel.seen_at, interval_s: interval(channel, intervals) },
      nowMs: Date.parse(now),
      zone: "UTC",
    });

    assert.deepEqual(drawn, expected);
  });
}

test("no face ever says null, undefined or NaN", () => {
  for (const { face: drawn } of cases)
    assert.doesNotMatch(JSON.stringify(Object.values(drawn)), /undefined|NaN|"null/);
});

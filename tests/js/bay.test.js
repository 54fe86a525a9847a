import assert from "node:assert/strict";
import { test } from "node:test";
import { interval } from "../../dashboard/static/micboard/js/age.js";
import { bayFace } from "../../dashboard/static/micboard/js/bay.js";
import { vectors } from "./vectors.js";

const { cases, channel: base, intervals, now, zone } = vectors("bays");

for (const { name, channel: values, face } of cases) {
  test(`a bay that is ${name} says what the server would`, () => {
    const channel = { ...base, ...values };
    const seen = { at: channel.seen_at, interval_s: interval(channel, intervals) };

    assert.deepEqual(bayFace(channel, { seen, nowMs: Date.parse(now), zone }), { colour: null, ...face });
  });
}

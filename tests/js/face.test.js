import assert from "node:assert/strict";
import { test } from "node:test";
import { interval } from "../../dashboard/static/micboard/js/age.js";
import { face } from "../../dashboard/static/micboard/js/face.js";
import { vectors } from "./vectors.js";

const { channel: base, intervals, cases } = vectors("faces");

// What the feed always says of a channel, whatever its device does.
const IDENTITY = ["device_id", "name", "groups", "tier", "state", "state_since", "reasons"];

const draw = ({ now, ends_at = null, alerts = [], channel: values }) => {
  const channel = { ...base, ...values };
  const seen = { at: channel.seen_at, interval_s: interval(channel, intervals) };
  const endsMs = ends_at && Date.parse(ends_at);
  return face(channel, { seen, nowMs: Date.parse(now), alerts, endsMs, zone: "UTC" });
};

for (const each of cases) {
  test(each.name, () => {
    assert.deepEqual(draw(each), { colour: null, ...each.face });
  });
}

test("no face ever says null, undefined or NaN, whatever its device leaves out", () => {
  for (const each of cases) {
    for (const field of Object.keys(base).filter((name) => !IDENTITY.includes(name))) {
      const drawn = draw({ ...each, channel: { ...each.channel, [field]: null } });

      assert.doesNotMatch(JSON.stringify(Object.values(drawn)), /undefined|NaN|"null|null [^,]/, field);
    }
  }
});

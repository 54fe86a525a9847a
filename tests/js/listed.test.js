import assert from "node:assert/strict";
import { test } from "node:test";
import { age, freshness, interval } from "../../dashboard/static/micboard/js/age.js";
import { face, isKnown } from "../../dashboard/static/micboard/js/face.js";
import { line } from "../../dashboard/static/micboard/js/line.js";
import { searchFor, sorted, wanted, wishIn } from "../../dashboard/static/micboard/js/listed.js";
import { isCurrent } from "../../dashboard/static/micboard/js/outlook.js";
import { vectors } from "./vectors.js";

const { cases, lines, now, zone, intervals, titles, channels, alerts } = vectors("list");
const nowMs = Date.parse(now);

const faceOf = (channel) => {
  const seen = { at: channel.seen_at, interval_s: interval(channel, intervals) };
  return face(channel, { seen, nowMs, alerts, zone });
};
const entries = channels.map((channel) => {
  const { state } = faceOf(channel);
  const fresh = freshness(age(channel.seen_at, nowMs), interval(channel, intervals));
  return { channel, state, isKnown: isKnown(state, fresh), isCurrent: isCurrent(state, fresh) };
});

for (const { search, ids } of cases) {
  test(`?${search} shows whom the server would`, () => {
    const wish = wishIn(search);

    const shown = wanted(sorted(entries, wish.sort), wish);

    assert.deepEqual(
      shown.map(({ channel }) => channel.device_id),
      ids,
    );
  });
}

for (const [number, expected] of lines.entries()) {
  test(`the line of ${expected.id} says what the server would`, () => {
    assert.deepEqual(line(channels[number], faceOf(channels[number]), titles), expected);
  });
}

test("an address that is read and written again asks for the same", () => {
  for (const { search } of cases) {
    const wish = wishIn(search);

    assert.deepEqual(wishIn(searchFor(wish, search)), wish);
  }
});

test("what is not a filter stays in the address, and what asks for nothing leaves it", () => {
  const wish = { q: "", states: ["critical", "warning"], location: "", sort: "state" };

  assert.equal(searchFor(wish, "?theme=light&q=hh&sort=name"), "?theme=light&state=critical,warning");
  assert.equal(searchFor({ ...wish, states: [] }, "?q=hh"), "");
});

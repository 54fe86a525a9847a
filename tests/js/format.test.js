import assert from "node:assert/strict";
import { test } from "node:test";
import { freshness } from "../../dashboard/static/micboard/js/age.js";
import { bars, level, moment, runtime, shown, span } from "../../dashboard/static/micboard/js/format.js";
import { vectors } from "./vectors.js";

const text = vectors("text");

for (const { text: raw, shown: expected } of text.shown) {
  test(`${JSON.stringify(raw)} is shown as ${expected}`, () => {
    assert.equal(shown(raw), expected);
  });
}

for (const { repeated, times, shown_times, cut } of text.clipped) {
  test(`${times} times ${JSON.stringify(repeated)} is shown ${shown_times} times`, () => {
    assert.equal(shown(repeated.repeat(times)), repeated.repeat(shown_times) + (cut ? "…" : ""));
  });
}

test("a runtime is hours and minutes", () => {
  for (const { minutes, text: expected } of text.runtime) assert.equal(runtime(minutes), expected);
});

test("a span is said in the finer unit only while that matters", () => {
  for (const { seconds, text: expected } of text.span) assert.equal(span(seconds), expected);
});

test("a level has a real minus sign, and one that is unknown is never 0", () => {
  for (const { value, unit, text: expected } of text.level) assert.equal(level(value, unit), expected);
});

test("the last bar goes out only at zero", () => {
  for (const { percent, bars: expected } of text.bars) assert.equal(bars(percent), expected);
});

test("a moment of another day has its date", () => {
  for (const { at, now, text: expected } of text.moment) {
    assert.equal(moment(at, Date.parse(now), "UTC"), expected);
  }
});

test("a moment is told in the reader's own zone when none is named", () => {
  const [hours, minutes] = moment("2026-11-22T16:41:07.000Z", Date.parse("2026-11-22T17:00:00Z")).split(":");

  assert.equal(Number(hours), new Date("2026-11-22T16:41:07.000Z").getHours());
  assert.equal(minutes, "41");
});

test("a value is fresh, late, stale and lapsed at the ages that its interval sets", () => {
  for (const { age_s, interval_s, freshness: expected } of text.freshness) {
    assert.equal(freshness(age_s, interval_s), expected, `${age_s} s at ${interval_s} s`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { limitsOf, timeLabels } from "../../dashboard/static/micboard/js/device/axes.js";
import { nearest } from "../../dashboard/static/micboard/js/device/marks.js";
import {
  aligned,
  append,
  stateOf,
  stretches,
  trim,
  valueAt,
  valuesOf,
} from "../../dashboard/static/micboard/js/device/series.js";

const ROW = { state: "ok", reasons: [], rf_signal: -55 };

test("a channel's row gives values, a silent one gaps", () => {
  assert.deepEqual(valuesOf(ROW, ["rf_signal", "audio_level"]), {
    rf_signal: -55,
    audio_level: null,
    state: 4,
  });
  for (const silence of [{ state: "offline" }, { state: "off" }, { state: "critical", reasons: ["stale"] }]) {
    assert.equal(valuesOf({ ...ROW, ...silence }, ["rf_signal"]).rf_signal, null);
  }
  assert.equal(stateOf(valuesOf(ROW, []).state), "ok");
  assert.equal(stateOf(null), null);
});

test("only news are appended, and never out of order", () => {
  const series = { rf_signal: [[1000], [-55]] };

  append(series, 2000, { rf_signal: -55, audio_level: -20 });
  append(series, 500, { rf_signal: -60 });

  assert.deepEqual(series, {
    rf_signal: [
      [1000, 1000],
      [-55, -60],
    ],
    audio_level: [[2000], [-20]],
  });
});

test("what still held when the range begins is kept, what was before is not", () => {
  const series = {
    rf_signal: [
      [1, 2, 3, 4],
      [10, 20, 30, 40],
    ],
  };

  trim(series, 3.5);

  assert.deepEqual(series.rf_signal, [
    [3, 4],
    [30, 40],
  ]);
});

test("a value holds until the next one", () => {
  const series = [
    [10, 20, 30],
    [1, null, 3],
  ];

  assert.deepEqual(
    [5, 10, 19, 20, 29, 30, 99].map((at) => valueAt(series, at)),
    [null, 1, 1, null, null, 3, 3],
  );
});

test("series of different instants stand on one axis, each with the value that holds", () => {
  const a = [
    [1000, 3000],
    [1, null],
  ];
  const b = [[2000], [5]];

  assert.deepEqual(aligned([a, b], { since: 0, until: 4000 }), [
    [0, 1, 2, 3, 4],
    [null, 1, 1, null, null],
    [null, null, 5, 5, 5],
  ]);
});

test("stretches of one state end where the next begins, within the range", () => {
  const states = [
    [0, 50, 80],
    [4, 1, 4],
  ];

  assert.deepEqual(stretches(states, { since: 20, until: 100 }), [
    [20, 50, 4],
    [50, 80, 1],
    [80, 100, 4],
  ]);
});

test("a plot shows all values, and a runtime whole hours", () => {
  assert.deepEqual(limitsOf(["rf_signal"], -60, -40), [-105, -20]);
  assert.deepEqual(limitsOf(["rf_signal"], -120, -10), [-120, -10]);
  assert.deepEqual(limitsOf(["battery_minutes"], 20, 501), [0, 540]);
  assert.deepEqual(limitsOf([], null, null), [0, 1]);
});

test("a time of day names its day where that begins", () => {
  const midnight = new Date(2026, 10, 22).getTime() / 1000;

  assert.deepEqual(timeLabels([midnight, midnight + 3600], 3600), ["Sun 22", "01:00"]);
  assert.deepEqual(timeLabels([midnight + 61], 1), ["00:01:01"]);
});

test("the crosshair finds the mark that is nearest", () => {
  const marks = [{ at: 100 }, { at: 130 }];

  assert.deepEqual(nearest(marks, 120, 50), { at: 130 });
  assert.equal(nearest(marks, 200, 50), null);
});

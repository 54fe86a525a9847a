import assert from "node:assert/strict";
import { test } from "node:test";
import { awayWords, rewound, shownAround } from "../../dashboard/static/micboard/js/replay/past.js";
import { emptyBoard } from "../../dashboard/static/micboard/js/store.js";

const AT = "2026-11-22T20:31:07.000Z";
const row = (device_id, values = {}) => ({ device_id, state: "ok", reasons: [], seen_at: "then", ...values });
const told = (devices, { removed = [], whole = false, alerts = [] } = {}) => ({
  timestamp: AT,
  intervals: { normal: 30 },
  devices,
  removed,
  alerts,
  whole,
});

test("a whole board replaces the one before", () => {
  const board = emptyBoard();
  rewound(board, told([row("A"), row("B")], { whole: true }));

  const changed = rewound(board, told([row("B"), row("C")], { whole: true }));

  assert.deepEqual([...board.channels.keys()], ["B", "C"]);
  assert.deepEqual([...changed].sort(), ["A", "B", "C"]);
});

test("a step changes what it tells of and leaves the rest", () => {
  const board = emptyBoard();
  rewound(board, told([row("A"), row("B"), row("C")], { whole: true }));

  const changed = rewound(board, told([row("B", { state: "critical" })], { removed: ["C"] }));

  assert.deepEqual(
    [...board.channels].map(([id, { state }]) => [id, state]),
    [
      ["A", "ok"],
      ["B", "critical"],
    ],
  );
  assert.deepEqual([...changed].sort(), ["B", "C"]);
});

test("what somebody has in hand is so from the moment when it was taken over", () => {
  const board = emptyBoard();
  rewound(board, told([row("A")], { whole: true, alerts: [{ id: 4, state: "acknowledged" }] }));

  rewound(board, told([]));

  assert.equal(board.alerts.size, 0);
});

test("what is not told to be old was heard of in time", () => {
  const board = emptyBoard();
  const old = [
    row("B", { state: "offline" }),
    row("C", { reasons: ["stale"] }),
    row("D", { reasons: ["unread"] }),
  ];

  rewound(board, told([row("A"), ...old], { whole: true }));

  assert.deepEqual(
    [...board.channels.values()].map(({ seen_at }) => seen_at),
    [AT, "then", "then", "then"],
  );
});

test("a scrubber shows as much on each side as there is", () => {
  assert.deepEqual(shownAround(500, 100, [0, 1000]), [400, 600]);
  assert.deepEqual(shownAround(950, 100, [0, 1000]), [800, 1000]);
  assert.deepEqual(shownAround(20, 100, [0, 1000]), [0, 200]);
  assert.deepEqual(shownAround(500, 0, [0, 1000]), [0, 1000]);
  assert.deepEqual(shownAround(50, 100, [0, 90]), [0, 90]);
});

test("an absence is told with its ends, or that it goes on", () => {
  const written = (at) => at.toUpperCase();

  assert.equal(awayWords({ from: "then", to: "later" }, written), "from THEN to LATER");
  assert.equal(awayWords({ from: "then", to: null }, written), "from THEN until now");
});

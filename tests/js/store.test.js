import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "../../dashboard/static/micboard/js/age.js";
import {
  apply,
  emptyBoard,
  isReplay,
  lastSeen,
  newestSeen,
} from "../../dashboard/static/micboard/js/store.js";
import { vectors } from "./vectors.js";

const { board: snapshot, cases } = vectors("frames");

const aBoard = () => {
  const board = emptyBoard();
  apply(board, structuredClone(snapshot));
  return board;
};

const window = (fields) => ({
  type: "batch_update",
  seq: 419,
  prev: 418,
  epoch: "9f3a1c",
  timestamp: "2026-11-22T16:41:01.000Z",
  updates: [],
  added: [],
  removed: [],
  alerts: [],
  seen: [],
  ...fields,
});

for (const { name, frame, changed, after } of cases) {
  test(name, () => {
    const board = aBoard();

    const ids = apply(board, structuredClone(frame));

    assert.deepEqual(ids, changed);
    assert.equal(board.seq, after.seq);
    assert.deepEqual(
      Object.fromEntries([...board.channels].map(([id, channel]) => [id, channel.battery_level])),
      after.battery_levels,
    );
  });
}

test("an answer makes both channels of its receiver young again", () => {
  const board = aBoard();

  apply(board, window({ seen: [["SHURE001", "2026-11-22T16:41:00.900Z"]] }));

  for (const channel of board.channels.values()) {
    assert.deepEqual(lastSeen(board, channel), { at: "2026-11-22T16:41:00.900Z", interval_s: 30 });
  }
});

test("an answer of before is not taken for a new one", () => {
  const board = aBoard();

  apply(board, window({ seen: [["SHURE001", "2026-11-22T16:40:00.000Z"]] }));

  assert.equal(newestSeen(board), "2026-11-22T16:40:50.000Z");
});

test("a receiver that is asked more often because it is silent does not age faster for it", () => {
  const board = aBoard();

  apply(board, window({ updates: [{ device_id: "SHURE001", rev: 78, changes: { tier: "critical" } }] }));

  assert.equal(lastSeen(board, board.channels.get("SHURE001")).interval_s, 30);
});

test("an answer at a new interval ages by that one", () => {
  const board = aBoard();

  apply(
    board,
    window({
      updates: [{ device_id: "SHURE001", rev: 78, changes: { tier: "critical" } }],
      seen: [["SHURE001", "2026-11-22T16:41:00.900Z"]],
    }),
  );

  assert.equal(lastSeen(board, board.channels.get("SHURE001")).interval_s, 10);
});

test("the interval is any channel's of the receiver, because the first may not be on the board", () => {
  const board = aBoard();
  apply(board, window({ removed: ["SHURE001"], seen: [["SHURE001", "2026-11-22T16:41:00.900Z"]] }));

  apply(
    board,
    window({
      seq: 420,
      prev: 419,
      updates: [{ device_id: "SHURE001-2", rev: 4, changes: { tier: "critical" } }],
    }),
  );

  assert.deepEqual(lastSeen(board, board.channels.get("SHURE001-2")), {
    at: "2026-11-22T16:41:00.900Z",
    interval_s: 30,
  });
});

test("an interval that an admin edits holds from the next answer", () => {
  const board = aBoard();

  apply(board, window({ intervals: { critical: 10, normal: 5, offline: 60 } }));
  apply(board, window({ seq: 420, prev: 419, seen: [["SHURE001", "2026-11-22T16:41:02.000Z"]] }));

  assert.equal(lastSeen(board, board.channels.get("SHURE001")).interval_s, 5);
});

test("windows that are told again after a reconnect are no news of the time, those after them are", () => {
  const board = aBoard();
  const clock = new ServerClock();
  const hear = (frame, localMs) => {
    if (!isReplay(board, frame)) clock.hear(frame.timestamp, localMs);
    apply(board, frame);
  };
  const now = Date.parse("2026-11-22T16:46:00.000Z");
  clock.hear(new Date(now).toISOString(), 0);

  apply(board, { type: "resumed", seq: 448, epoch: "9f3a1c", replayed: 30, seen: [] });
  for (let seq = 419; seq <= 448; seq += 1) hear(window({ seq, prev: seq - 1 }), 0);
  assert.equal(clock.now(0), now);

  for (let second = 1; second <= 16; second += 1) {
    const timestamp = new Date(now - 60_000 + second * 1000).toISOString();
    hear(window({ seq: 448 + second, prev: 447 + second, timestamp }), second * 1000);
  }
  assert.equal(clock.now(16_000), now - 60_000 + 16_000);
});

test("a board that begins anew has nothing told again", () => {
  const board = aBoard();

  apply(board, { type: "resumed", seq: 448, epoch: "9f3a1c", replayed: 30, seen: [] });
  apply(board, structuredClone(snapshot));

  assert.equal(isReplay(board, window({})), false);
});

test("a board without receivers was never seen", () => {
  assert.equal(newestSeen(emptyBoard()), null);
});

test("a silent poller is told until a heartbeat says otherwise", () => {
  const board = aBoard();
  const heartbeat = { type: "heartbeat", seq: 418, prev: 418, epoch: "9f3a1c", seen: [] };

  apply(board, { ...heartbeat, live: false });
  apply(board, structuredClone(snapshot));

  assert.equal(board.live, false);
  apply(board, { ...heartbeat, live: true });
  assert.equal(board.live, true);
});

test("an alert stands until it is resolved", () => {
  const board = aBoard();

  apply(board, window({ alerts: [{ id: 12, state: "open" }] }));
  apply(board, window({ seq: 420, prev: 419, alerts: [{ id: 12, state: "acknowledged" }] }));
  assert.deepEqual([...board.alerts.values()], [{ id: 12, state: "acknowledged" }]);

  apply(board, window({ seq: 421, prev: 420, alerts: [{ id: 12, state: "resolved" }] }));
  assert.equal(board.alerts.size, 0);
});

test("a snapshot and its windows make the same board as a later snapshot", () => {
  const board = aBoard();
  const rows = new Map(snapshot.devices.map((row) => [row.device_id, { ...row }]));
  for (let seq = 419; seq < 519; seq += 1) {
    const row = rows.get(seq % 3 ? "SHURE001" : "SHURE001-2");
    const changes = { battery_level: (seq * 37) % 101, state: seq % 5 ? "ok" : "warning" };
    Object.assign(row, changes, { rev: row.rev + 1 });
    apply(
      board,
      window({ seq, prev: seq - 1, updates: [{ device_id: row.device_id, rev: row.rev, changes }] }),
    );
  }
  const later = emptyBoard();

  apply(later, { ...snapshot, seq: 518, devices: [...rows.values()] });

  assert.deepEqual(board, later);
});

test("frames that carry no board, such as a pong, change nothing", () => {
  assert.deepEqual(apply(aBoard(), { type: "pong" }), []);
});

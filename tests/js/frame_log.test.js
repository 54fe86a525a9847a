import assert from "node:assert/strict";
import { test } from "node:test";

import {
  clear,
  feedAddress,
  hold,
  newLog,
  note,
  show,
  shown,
  spread,
  summary,
  waiting,
} from "../../dashboard/static/micboard/js/frame_log.js";
import { MESSAGES } from "./contract.js";

const AT = new Date("2026-11-22T16:41:07.000Z");

function heard(log, ...types) {
  for (const type of types) note(log, JSON.stringify({ type }), AT);
}

const numbers = (log) => shown(log).map(({ number }) => number);

test("a frame is noted with its time, its type, what is in it and its size in bytes", () => {
  const log = newLog();
  const text = '{"type":"error","code":"malformed","message":"No – JSON."}';

  note(log, text, AT);

  assert.deepEqual(shown(log), [
    { number: 1, at: AT, type: "error", what: "malformed · No – JSON.", text, bytes: text.length + 2 },
  ]);
});

test("the newest comes first, and the oldest goes where there are too many", () => {
  const log = newLog(3);

  heard(log, "a", "a", "b", "a", "b");

  assert.deepEqual(numbers(log), [5, 4, 3]);
  assert.equal(log.heard, 5);
  assert.deepEqual(
    [...log.counts],
    [
      ["a", 3],
      ["b", 2],
    ],
  );
});

test("a log that is held stays as it is, however much comes", () => {
  const log = newLog(3);
  heard(log, "a", "a");

  hold(log, true);
  heard(log, "b", "b", "b", "b");

  assert.deepEqual(numbers(log), [2, 1]);
  assert.equal(waiting(log), 4);
  hold(log, false);
  assert.deepEqual(numbers(log), [6, 5, 4]);
  assert.equal(waiting(log), 0);
});

test("one that is held before anything came shows nothing until it is let go", () => {
  const log = newLog();

  hold(log, true);
  heard(log, "a");

  assert.deepEqual([numbers(log), waiting(log)], [[], 1]);
});

test("a type that is hidden is still counted, and is there again when it is shown", () => {
  const log = newLog();
  heard(log, "a", "b");

  show(log, "a", false);
  heard(log, "a");

  assert.deepEqual(numbers(log), [2]);
  assert.equal(log.counts.get("a"), 2);
  show(log, "a", true);
  assert.deepEqual(numbers(log), [3, 2, 1]);
});

test("clearing forgets the frames and keeps what is hidden and held", () => {
  const log = newLog();
  heard(log, "a", "b");
  show(log, "a", false);
  hold(log, true);

  clear(log);
  heard(log, "b");

  assert.deepEqual([log.heard, log.counts.size, numbers(log), waiting(log)], [1, 1, [], 1]);
  hold(log, false);
  heard(log, "a");
  assert.deepEqual(numbers(log), [1]);
});

test("what is no JSON object is shown as it came", () => {
  const log = newLog();

  for (const text of ["{", "7", "null"]) {
    note(log, text, AT);
    assert.equal(spread(text), text);
  }

  assert.deepEqual(
    shown(log).map(({ type, what }) => [type, what]),
    [
      ["not JSON", ""],
      ["not JSON", ""],
      ["not JSON", ""],
    ],
  );
});

test("every message that the contract lets a server send has a line of its own", () => {
  const lines = Object.fromEntries(
    Object.entries(MESSAGES).map(([name, message]) => [name, summary(message.examples[0].payload)]),
  );

  assert.deepEqual(lines, {
    initial_data: "seq 418 · 1 channel",
    batch_update: "seq 419 · 1 update · 2 seen",
    device_update: "SHURE001 · Lead Vox · battery_level, rf_signal",
    heartbeat: "seq 419 · live · 1 seen",
    resumed: "seq 429 · 11 replayed",
    system_alert: "open · Lead Vox: 22 minutes left",
    connection_update: "main · connected",
    api_health: "main · healthy",
    system_health: "healthy",
    pong: "7",
    error: "malformed · That is no JSON.",
    ping: "",
    subscribe: "",
  });
});

test("a window without what may be absent has a line, too", () => {
  assert.equal(summary({ type: "batch_update", seq: 3 }), "seq 3");
  assert.equal(summary({ type: "heartbeat", seq: 3, live: false }), "seq 3 · poller silent");
});

test("an address has the mode and each scope where the feed has them", () => {
  const wish = { feed: "devices", mode: "batch", scope: "group:stage left, device:Lead Vox,," };

  assert.equal(
    feedAddress("https://mics.example", wish),
    "wss://mics.example/ws/devices/?mode=batch&scope=group%3Astage+left&scope=device%3ALead+Vox",
  );
  assert.equal(
    feedAddress("http://localhost:8000", { ...wish, feed: "health" }),
    "ws://localhost:8000/ws/health/",
  );
});

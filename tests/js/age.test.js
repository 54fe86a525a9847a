import assert from "node:assert/strict";
import { test } from "node:test";
import { age, interval, ServerClock } from "../../dashboard/static/micboard/js/age.js";

const AT = "2026-11-22T16:41:00.000Z";
const MS = Date.parse(AT);
const intervals = { critical: 10, normal: 30, offline: 60 };

test("a receiver's own interval comes before its tier's", () => {
  assert.equal(interval({ tier: "critical", interval_s: null }, intervals), 10);
  assert.equal(interval({ tier: "critical", interval_s: 2.5 }, intervals), 2.5);
  assert.equal(interval({ tier: "a new one", interval_s: null }, intervals), 30);
});

test("an age is counted from the last answer, and one that is to come is none", () => {
  assert.equal(age(AT, MS + 1500), 1.5);
  assert.equal(age(AT, MS - 1500), 0);
  assert.equal(age(null, MS), null);
});

test("the server's clock is read from the frame that was least delayed", () => {
  const clock = new ServerClock();

  clock.hear(AT, 500);
  clock.hear(new Date(MS + 1000).toISOString(), 1200);
  clock.hear(new Date(MS + 2000).toISOString(), 3900);

  assert.equal(clock.now(4000), MS + 3800);
});

test("a server whose clock was put back is believed after some frames", () => {
  const clock = new ServerClock();
  clock.hear(new Date(MS + 3_600_000).toISOString(), 0);

  for (let frame = 1; frame <= 16; frame += 1)
    clock.hear(new Date(MS + frame * 5000).toISOString(), frame * 5000);

  assert.equal(clock.now(80_000), MS + 80_000);
});

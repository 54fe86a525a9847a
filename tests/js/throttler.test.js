import assert from "node:assert/strict";
import { test } from "node:test";
import { UpdateThrottler } from "../../dashboard/static/micboard/js/throttler.js";

const flushed = (delay, queue) =>
  new Promise((resolve) => {
    queue(new UpdateThrottler(delay, resolve));
  });

test("fields of one device are merged, and the last value of each wins", async () => {
  const updates = await flushed(1, (throttler) => {
    throttler.queueUpdate("SHURE001", { battery_level: 85, rf_signal: -45 });
    throttler.queueUpdate("SHURE002", { battery_level: 12 });
    throttler.queueUpdate("SHURE001", { battery_level: 84 });
  });

  assert.deepEqual(
    [...updates],
    [
      ["SHURE001", { battery_level: 84, rf_signal: -45 }],
      ["SHURE002", { battery_level: 12 }],
    ],
  );
});

test("a device that never pauses is drawn all the same", async () => {
  const restless = (throttler) => {
    const chatter = setInterval(() => throttler.queueUpdate("SHURE001", { rf_signal: -45 }), 2);
    const { applyUpdates } = throttler;
    throttler.applyUpdates = (updates) => {
      clearInterval(chatter);
      applyUpdates(updates);
    };
  };

  const updates = await flushed(20, restless);

  assert.deepEqual([...updates.keys()], ["SHURE001"]);
});

test("what is queued while updates are applied comes with the next", () => {
  const rounds = [];
  const throttler = new UpdateThrottler(1000, (updates) => {
    rounds.push([...updates.keys()]);
    if (rounds.length === 1) throttler.queueUpdate("SHURE002", {});
  });
  throttler.queueUpdate("SHURE001", {});

  throttler.flushUpdates();
  throttler.flushUpdates();
  throttler.flushUpdates();

  assert.deepEqual(rounds, [["SHURE001"], ["SHURE002"]]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { MicboardFeed } from "../../dashboard/static/micboard/js/micboard.js";
import { apply, emptyBoard } from "../../dashboard/static/micboard/js/store.js";
import { vectors } from "./vectors.js";

const { board: SNAPSHOT } = vectors("frames");
const LAW = vectors("law").cases;

/** A server's end of one connection, played by the test. */
class Played extends EventTarget {
  closed = false;

  constructor(url, init) {
    super();
    this.url = new URL(url);
    this.init = init;
  }

  say(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }

  hangUp(code) {
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }

  close() {
    this.closed = true;
  }
}

/** A feed whose retries take a millisecond, each of its connections as it comes, and all that it told. */
function play(t, options = {}) {
  const sockets = [];
  let arrived = () => {};
  class WebSocket extends Played {
    constructor(...told) {
      super(...told);
      sockets.push(this);
      arrived();
    }
  }
  const feed = new MicboardFeed("wss://micboard.example/ws/devices/", {
    WebSocket,
    delay: () => 1,
    ...options,
  });
  t.after(() => feed.close());
  const told = [];
  for (const kind of ["snapshot", "change", "seen", "status", "gap"]) {
    feed.on(kind, (detail) => told.push([kind, detail]));
  }
  const connection = async (number) => {
    while (sockets.length < number) {
      await new Promise((resolve) => {
        arrived = resolve;
      });
    }
    return sockets[number - 1];
  };
  const details = (kind) => told.filter(([each]) => each === kind).map(([, detail]) => detail);
  return { feed, connection, details, told };
}

const snapshot = (more = {}) => structuredClone({ ...SNAPSHOT, ...more });
const quiet = { updates: [], added: [], removed: [], alerts: [], seen: [] };
const window = (seq, more = {}) => ({
  type: "batch_update",
  seq,
  prev: seq - 1,
  epoch: "9f3a1c",
  timestamp: "2026-11-22T16:41:01.000Z",
  ...quiet,
  ...more,
});
const update = (device_id, rev, changes) => ({ type: "device_update", device_id, rev, changes });
const query = ({ url }) => Object.fromEntries(url.searchParams);

test("it asks for windows first, and for what it missed after a lost connection", async (t) => {
  const { feed, connection, details } = play(t);
  const first = await connection(1);
  assert.deepEqual(query(first), { mode: "batch" });
  first.say(snapshot());
  first.say(window(419, { updates: [update("SHURE001", 78, { battery_level: 84 })] }));

  first.hangUp(1012);
  const second = await connection(2);
  assert.deepEqual(query(second), { mode: "batch", since: "419", epoch: "9f3a1c" });
  second.say({ type: "resumed", seq: 420, epoch: "9f3a1c", replayed: 1, seen: [] });
  second.say(window(420, { updates: [update("SHURE001", 79, { battery_level: 83 })] }));

  assert.equal(feed.channels.get("SHURE001").battery_level, 83);
  assert.equal(details("snapshot").length, 1);
  assert.equal(details("gap").length, 0);
  assert.deepEqual(
    details("status").map(({ state }) => state),
    ["live", "reconnecting", "connecting", "live"],
  );
});

test("a server that knows nothing of resuming tells everything, and that replaces the board", async (t) => {
  const { feed, connection, details } = play(t);
  const first = await connection(1);
  first.say(snapshot());
  first.hangUp(1006);

  const second = await connection(2);
  second.say(snapshot({ seq: 7, epoch: "other", devices: SNAPSHOT.devices.slice(1) }));

  assert.deepEqual([...feed.channels.keys()], ["SHURE001-2"]);
  assert.deepEqual(details("snapshot")[1].ids, ["SHURE001", "SHURE001-2"]);
  assert.equal(feed.board.epoch, "other");
});

test("everything may be told anew at any time", async (t) => {
  const { feed, connection } = play(t);
  const socket = await connection(1);
  socket.say(snapshot());

  socket.say(snapshot({ seq: 2, epoch: "restored", devices: [] }));

  assert.equal(feed.channels.size, 0);
  assert.equal(socket.closed, false);
});

test("it goes on from a snapshot that it is given", async (t) => {
  const { feed, connection } = play(t, { snapshot: snapshot() });

  assert.equal(feed.channels.size, 2);
  assert.deepEqual(query(await connection(1)), { mode: "batch", since: "418", epoch: "9f3a1c" });
});

for (const { name, old, windows, new: after } of LAW) {
  test(`it comes to the server's board over a lost connection: ${name}`, async (t) => {
    const { feed, connection } = play(t);
    const first = await connection(1);
    first.say(old);
    const half = Math.ceil(windows.length / 2);
    for (const each of windows.slice(0, half)) first.say(each);
    first.hangUp(1006);

    const second = await connection(2);
    second.say({ type: "resumed", seq: after.seq, epoch: after.epoch, replayed: 1, seen: [] });
    for (const each of windows.slice(half)) second.say(each);

    const fresh = emptyBoard();
    apply(fresh, after);
    assert.deepEqual(feed.channels, fresh.channels);
    assert.deepEqual(feed.alerts, fresh.alerts);
    assert.equal(feed.board.seq, after.seq);
  });
}

test("a hole is told, and what is missing asked for at once", async (t) => {
  const { connection, details } = play(t, { delay: () => 3_600_000 });
  const first = await connection(1);
  first.say(snapshot());

  first.say(window(421));

  const second = await connection(2);
  assert.equal(first.closed, true);
  assert.deepEqual(query(second), { mode: "batch", since: "418", epoch: "9f3a1c" });
  assert.deepEqual(details("gap"), [{ seq: 418, epoch: "9f3a1c" }]);
});

test("a server that leaves a hole again and again is given time", async (t) => {
  const { connection, details } = play(t);
  for (const number of [1, 2, 3]) {
    const socket = await connection(number);
    socket.say(snapshot());
    socket.say(window(421));
  }

  const waits = details("status").filter(({ state }) => state === "reconnecting");
  assert.equal(waits.length, 2);
});

test("a heartbeat shows a last window that was lost", async (t) => {
  const { connection, details } = play(t);
  const socket = await connection(1);
  socket.say(snapshot());

  socket.say({ type: "heartbeat", seq: 419, prev: 419, epoch: "9f3a1c", seen: [], live: true });

  await connection(2);
  assert.equal(details("gap").length, 1);
});

test("a change tells what changed, came and went, and the alerts", async (t) => {
  const { feed, connection, details } = play(t);
  const socket = await connection(1);
  socket.say(snapshot());
  const guest = { ...SNAPSHOT.devices[0], device_id: "SHURE002", receiver_id: "SHURE002", rev: 1 };

  socket.say(
    window(419, {
      updates: [
        update("SHURE001", 78, { battery_level: 84 }),
        update("SHURE404", 2, { battery_level: 1 }), // of whom nothing is known
      ],
      added: [guest],
      removed: ["SHURE001-2"],
      alerts: [{ id: 12, state: "open" }],
    }),
  );

  assert.deepEqual(details("change"), [
    {
      changed: ["SHURE001"],
      added: ["SHURE002"],
      removed: ["SHURE001-2"],
      alerts: [{ id: 12, state: "open" }],
      fields: new Map([
        ["SHURE002", guest],
        ["SHURE001", { battery_level: 84 }],
      ]),
    },
  ]);
  assert.deepEqual([...feed.alerts.keys()], [12]);
});

test("what is known already is no change", async (t) => {
  const { feed, connection, details } = play(t);
  const socket = await connection(1);
  socket.say(snapshot());

  socket.say(window(419, { updates: [update("SHURE001", 77, { battery_level: 1 })] }));
  socket.say(window(419, { alerts: [{ id: 12, state: "open" }] }));

  assert.deepEqual(details("change"), []);
  assert.equal(feed.channels.get("SHURE001").battery_level, 85);
  assert.equal(feed.alerts.size, 0);
});

test("throttled, the windows of a moment are one change, and no field of it is lost", async (t) => {
  const { feed, connection, details } = play(t, { throttle: 5 });
  const socket = await connection(1);
  socket.say(snapshot());
  const changed = new Promise((resolve) => {
    feed.on("change", resolve);
  });
  const guest = { ...SNAPSHOT.devices[0], device_id: "SHURE002", rev: 1 };

  socket.say(window(419, { updates: [update("SHURE001", 78, { battery_level: 84 })], added: [guest] }));
  socket.say(window(420, { updates: [update("SHURE001", 79, { rf_signal: -50 })], removed: ["SHURE001-2"] }));
  socket.say(window(421, { added: [SNAPSHOT.devices[1]], alerts: [{ id: 12, state: "open" }] }));
  socket.say(window(422, { removed: ["SHURE002"], alerts: [{ id: 12, state: "acknowledged" }] }));
  assert.deepEqual(details("change"), []);

  assert.deepEqual(await changed, {
    changed: ["SHURE001", "SHURE001-2"],
    added: [],
    removed: [],
    alerts: [{ id: 12, state: "acknowledged" }],
    fields: new Map([
      ["SHURE001", { battery_level: 84, rf_signal: -50 }],
      ["SHURE001-2", SNAPSHOT.devices[1]],
    ]),
  });
});

test("it tells which receivers answered, and whether the poller is alive", async (t) => {
  const { feed, connection, details } = play(t);
  const socket = await connection(1);
  socket.say(snapshot());
  const seen = [["SHURE001", "2026-11-22T16:41:04.000Z"]];

  socket.say({ type: "heartbeat", seq: 418, prev: 418, epoch: "9f3a1c", seen, live: false });

  assert.deepEqual(details("seen"), [{ seen, live: false }]);
  assert.deepEqual(feed.lastSeen(feed.channels.get("SHURE001")), { at: seen[0][1], interval_s: 30 });
});

test("it knows the server's time", async (t) => {
  const { feed, connection } = play(t);
  assert.ok(Math.abs(feed.now() - Date.now()) < 1000);

  (await connection(1)).say(snapshot());

  assert.ok(Math.abs(feed.now() - Date.parse(SNAPSHOT.timestamp)) < 1000);
});

for (const [code, why] of [
  [4400, /does not understand/],
  [4401, /no longer signed in/],
  [4403, /may not see/],
]) {
  test(`it stops at ${code}, and tells why`, async (t) => {
    const { feed, connection } = play(t);

    (await connection(1)).hangUp(code);

    assert.equal(feed.status.state, "stopped");
    assert.equal(feed.status.code, code);
    assert.match(feed.status.why, why);
  });
}

test("the server's own sentence is told where it gives one", async (t) => {
  const { feed, connection, details } = play(t);
  const socket = await connection(1);

  socket.say({ type: "error", code: "bad_request", message: "mode is batch or single" });
  socket.hangUp(4400);

  assert.deepEqual(feed.status, { state: "stopped", code: 4400, why: "mode is batch or single" });
  assert.deepEqual(
    details("status").map(({ state }) => state),
    ["stopped"],
  );
});

for (const code of [1013, 4429]) {
  test(`it backs off at ${code}, and longer each time, though the server says a word each time`, async (t) => {
    const attempts = [];
    const delay = (attempt) => {
      attempts.push(attempt);
      return 1;
    };
    const { connection } = play(t, { delay });

    for (const number of [1, 2]) {
      const socket = await connection(number);
      socket.say({ type: "error", code: "too_many", message: "Too many." });
      socket.hangUp(code);
    }

    assert.deepEqual(attempts, [3, 4]);
  });
}

test("each connection has a ticket of its own, and one that was too old is renewed", async (t) => {
  let number = 0;
  const ticket = async () => {
    number += 1;
    return `t${number}`;
  };
  const { connection } = play(t, { ticket });
  const first = await connection(1);
  assert.deepEqual(query(first), { mode: "batch", ticket: "t1" });

  first.hangUp(4401);
  const second = await connection(2);
  second.say(snapshot());
  second.hangUp(1001);

  assert.deepEqual(query(await connection(3)), {
    mode: "batch",
    since: "418",
    epoch: "9f3a1c",
    ticket: "t3",
  });
});

test("a ticket that cannot be had is asked for again, and the reason told", async (t) => {
  let times = 0;
  const ticket = async () => {
    times += 1;
    if (times === 1) throw new Error("the ticket office is closed");
    return "t2";
  };
  const { connection, details } = play(t, { ticket });

  await connection(1);

  assert.deepEqual(details("status")[0], {
    state: "reconnecting",
    inMs: 1,
    why: "the ticket office is closed",
  });
});

test("a program sends its token in the header, and any number of scopes", async (t) => {
  const { connection } = play(t, { token: "mic_1", scope: ["group:stage-left", "device:SHURE001"] });

  const { init, url } = await connection(1);

  assert.deepEqual(init, { headers: { Authorization: "Bearer mic_1" } });
  assert.deepEqual(url.searchParams.getAll("scope"), ["group:stage-left", "device:SHURE001"]);
});

test("a server that says nothing is left", async (t) => {
  const { connection } = play(t, { silence: 10 });
  const socket = await connection(1);
  socket.say(snapshot());

  await connection(2);

  assert.equal(socket.closed, true);
});

test("what an old connection still has to say is not heard", async (t) => {
  const { feed, connection } = play(t);
  const first = await connection(1);
  first.say(snapshot());
  first.hangUp(1006);
  await connection(2);

  first.say(window(419, { removed: ["SHURE001"] }));

  assert.equal(feed.channels.size, 2);
});

test("a closed one stays closed, and says so", async (t) => {
  const { feed, connection } = play(t);
  const socket = await connection(1);
  socket.say(snapshot());

  feed.close();
  feed.retry();

  assert.equal(socket.closed, true);
  assert.equal(feed.status.state, "stopped");
  assert.equal(feed.connection.retryAt, null);
});

test("a listener may be taken away", async (t) => {
  const { feed, connection } = play(t);
  const told = [];
  const end = feed.on("snapshot", () => told.push("snapshot"));
  const socket = await connection(1);
  socket.say(snapshot());

  end();
  socket.say(snapshot());

  assert.deepEqual(told, ["snapshot"]);
});

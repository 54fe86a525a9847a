import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, beforeEach, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { retryDelay } from "../../dashboard/static/micboard/js/patience.js";
import { ReconnectingWebSocket } from "../../dashboard/static/micboard/js/reconnecting.js";

/** As in a browser: an error that nobody listens to is only an event. */
class BrowserWebSocket extends WebSocket {
  constructor(url) {
    super(url);
    this.on("error", () => {});
  }
}

let server;
let open = [];

beforeEach(async () => {
  server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
});

afterEach(() => {
  for (const socket of open) socket.close();
  open = [];
  for (const client of server.clients) client.terminate();
  server.close();
});

/** A socket to the server that retries within milliseconds, and what it heard. */
function connect(options = {}) {
  const heard = [];
  const socket = new ReconnectingWebSocket(`ws://127.0.0.1:${server.address().port}/`, {
    WebSocket: BrowserWebSocket,
    delay: () => 5,
    heard: (text) => heard.push(text),
    ...options,
  });
  open.push(socket);
  return { socket, heard };
}

/** The next `count` connections to the server. */
async function arrivals(count) {
  const found = [];
  while (found.length < count) found.push((await once(server, "connection"))[0]);
  return found;
}

/** Wait until the socket has told that this holds. */
function until(holds) {
  let moved;
  const reached = new Promise((resolve) => {
    moved = (socket) => {
      if (holds(socket)) resolve(socket);
    };
  });
  return { moved, reached };
}

test("it waits 1, 2, 4, 8 and then always 15 seconds", () => {
  const waits = [0, 1, 2, 3, 4, 5, 100].map((attempt) => retryDelay(attempt, 0.5));

  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
});

test("its waits differ by a fifth either way, so that clients do not come in step", () => {
  assert.equal(retryDelay(0, 0), 800);
  assert.equal(retryDelay(4, 1), 18_000);
});

test("it comes back again and again", async () => {
  connect();

  for (const peer of await arrivals(1)) peer.close(1001);
  for (let times = 0; times < 10; times += 1) {
    const [peer] = await arrivals(1);
    peer.terminate();
  }
});

test("it is open once it has heard something, and lost when the server is gone", async () => {
  const opened = until((socket) => socket.open);
  const { heard } = connect({ moved: opened.moved });
  const [peer] = await arrivals(1);

  peer.send("first");
  const socket = await opened.reached;

  assert.deepEqual(heard, ["first"]);
  assert.equal(socket.lostAt, null);
  const lost = until(() => !socket.open);
  socket.options.moved = lost.moved;
  peer.close(1011);
  await lost.reached;
  assert.notEqual(socket.lostAt, null);
  assert.notEqual(socket.retryAt, null);
});

test("the address is asked anew at each try, so that it resumes where it is", async () => {
  let seq = 0;
  const paths = [];
  server.on("connection", (_, request) => paths.push(request.url));
  connect({
    address: () => {
      seq += 1;
      return `ws://127.0.0.1:${server.address().port}/?since=${seq}`;
    },
  });

  const [first] = await arrivals(1);
  first.close(1012);
  await arrivals(1);

  assert.deepEqual(paths, ["/?since=1", "/?since=2"]);
});

test("a server that says nothing is left, and the silence counts from its last word", async () => {
  const lost = until((socket) => socket.lostAt === socket.heardAt && socket.retryAt !== null);
  connect({ silence: 40, moved: lost.moved });

  const [peer] = await arrivals(1);
  peer.send("last word");

  await lost.reached;
  await arrivals(1);
});

test("a missed window makes it ask again", async () => {
  const { socket } = connect();
  const [peer] = await arrivals(1);

  socket.resume();

  await Promise.all([once(peer, "close"), arrivals(1)]);
});

for (const [code, act] of [
  [4400, "stop"],
  [4401, "sign-in"],
  [4403, "stop"],
]) {
  test(`it stops at ${code} and says what to do`, async () => {
    let connections = 0;
    server.on("connection", () => {
      connections += 1;
    });
    const ended = until((socket) => socket.ended !== null);
    connect({ moved: ended.moved });
    const [peer] = await arrivals(1);

    peer.close(code);
    const socket = await ended.reached;

    assert.equal(socket.ended.act, act);
    socket.retry();

    assert.equal(socket.retryAt, null);
    assert.equal(connections, 1);
  });
}

test("it gives a server time that calls it too slow", async () => {
  const attempts = [];
  connect({
    delay: (attempt) => {
      attempts.push(attempt);
      return 5;
    },
  });

  const [peer] = await arrivals(1);
  peer.close(1013);
  await arrivals(1);

  assert.deepEqual(attempts, [3]);
});

test("a network that is back, or somebody who looks again, ends the waiting at once", async () => {
  const network = new EventTarget();
  const lost = until((socket) => socket.retryAt !== null);
  connect({ delay: () => 3_600_000, wakes: [[network, "online"]], moved: lost.moved });
  const [peer] = await arrivals(1);
  peer.terminate();
  await lost.reached;

  network.dispatchEvent(new Event("online"));

  await arrivals(1);
});

test("a closed one stays closed", async () => {
  const network = new EventTarget();
  const opened = until((socket) => socket.open);
  const { socket } = connect({ wakes: [[network, "online"]], moved: opened.moved });
  const [peer] = await arrivals(1);
  peer.send("hello");
  await opened.reached;

  socket.close();
  await once(peer, "close");
  network.dispatchEvent(new Event("online"));

  socket.retry();

  assert.equal(socket.retryAt, null);
  assert.equal(server.clients.size, 0);
});

test("an address may take its time, and one that cannot be had is asked for again", async () => {
  let times = 0;
  const failures = [];
  connect({
    address: async () => {
      times += 1;
      if (times === 1) throw new Error("no ticket today");
      return `ws://127.0.0.1:${server.address().port}/`;
    },
    moved: ({ failure }) => failures.push(failure),
  });

  await arrivals(1);

  assert.equal(times, 2);
  assert.ok(failures.includes("no ticket today"));
});

test("a message that is no sign of being served does not open it", async () => {
  const ended = until((socket) => socket.ended !== null);
  let everOpen = false;
  connect({
    heard: () => false,
    moved: (socket) => {
      everOpen ||= socket.open;
      ended.moved(socket);
    },
  });
  const [peer] = await arrivals(1);

  peer.send("no");
  peer.close(4403);
  await ended.reached;

  assert.equal(everOpen, false);
});

test("one that brings a new way in at each try stops at the second refusal in a row", async () => {
  const ended = until((socket) => socket.ended !== null);
  const { socket } = connect({ renews: true, moved: ended.moved });

  const [served] = await arrivals(1);
  served.send("hello");
  served.close(4401);
  const [refused] = await arrivals(1);
  refused.close(4401);

  await ended.reached;
  assert.equal(socket.ended.code, 4401);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { ask } from "../../dashboard/static/micboard/js/ask.js";

const server = createServer((request, answer) => {
  if (request.url === "/well") answer.end("here it is");
  else if (request.url === "/signed-out") answer.writeHead(302, { Location: "/well" }).end();
  else if (request.url === "/halfway") answer.write("here it");
});
let address;

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  address = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

/** Let a second of patience pass in ten milliseconds. */
function hurry(context) {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  context.mock.method(AbortSignal, "timeout", (ms) => timeout(ms / 100));
}

test("what is answered is had", async () => {
  assert.equal(await (await ask(`${address}/well`)).text(), "here it is");
});

test("a server that says nothing, or stops in the middle, is waited for eight seconds", async (context) => {
  hurry(context);
  const began = performance.now();

  await assert.rejects(ask(`${address}/silent`), { name: "TimeoutError" });
  const halfway = await ask(`${address}/halfway`);
  await assert.rejects(halfway.text(), { name: "TimeoutError" });

  assert.ok(performance.now() - began >= 2 * 80);
  assert.deepEqual(
    AbortSignal.timeout.mock.calls.map((call) => call.arguments),
    [[8000], [8000]],
  );
});

test("the sign-in is no answer", async () => {
  await assert.rejects(ask(`${address}/signed-out`), { name: "TypeError" });
});

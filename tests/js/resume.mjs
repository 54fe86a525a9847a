/**
 * A feed whose connection a test can cut: reads "cut", "back" and "board" from the standard input, and prints the board
 * at each "board", and a line for each event that matters.
 */

import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { MicboardFeed } from "../../dashboard/static/micboard/js/micboard.js";

const [url, token] = process.argv.slice(2);
let socket;

class Cuttable extends WebSocket {
  constructor(...told) {
    super(...told);
    socket = this;
  }
}

const feed = new MicboardFeed(url, { token, WebSocket: Cuttable, delay: () => 3_600_000 });
feed.on("status", ({ state }) => say({ state }));

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "cut") socket.terminate();
  if (line === "back") feed.retry();
  if (line === "board") {
    const { seq, epoch } = feed.board;
    say({ seq, epoch, rows: Object.fromEntries(feed.channels), alerts: [...feed.alerts.values()] });
  }
}
feed.close();

function say(told) {
  console.log(JSON.stringify(told));
}

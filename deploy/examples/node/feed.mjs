/**
 * Prints a line for each change. Put the folder dashboard/static/micboard/js beside this file as `micboard`, then
 *
 *   node feed.mjs wss://micboard.example/ws/devices/ token-file [scope …]
 *
 * Node 22 and later has a WebSocket of its own; before that, `npm install` gets one.
 */

import { readFile } from "node:fs/promises";
import { MicboardFeed } from "./micboard/micboard.js";

const [url, tokenFile, ...scope] = process.argv.slice(2);
const token = (await readFile(tokenFile, "utf8")).trim();
const WebSocket = globalThis.WebSocket ?? (await import("ws")).WebSocket;

const feed = new MicboardFeed(url, { token, scope, WebSocket });

feed.on("snapshot", () => say("snapshot", "-", { channels: feed.channels.size }));
feed.on("change", ({ fields, removed, alerts }) => {
  for (const id of removed) say("removed", id, {});
  for (const [id, news] of fields) say("change", id, news);
  for (const alert of alerts) say("alert", alert.target.device_id ?? alert.target.receiver_id, alert);
});
feed.on("status", ({ state, why }) => {
  console.error(why ? `${state}: ${why}` : state);
  if (state === "stopped") process.exitCode = 1;
});

function say(kind, id, told) {
  console.log([kind, id, JSON.stringify(told)].join("\t"));
}

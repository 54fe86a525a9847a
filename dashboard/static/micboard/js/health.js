/** The health page: its parts and servers from the feed, all else asked for again every few seconds. */

import { ask } from "./ask.js";
import { Announcer, Banner, connectionText } from "./banner.js";
import { span } from "./format.js";
import { ReconnectingWebSocket } from "./reconnecting.js";

const EVERY_MS = 10_000;
const SILENCE_MS = 40_000; // this feed repeats itself every 30 s
const SILENT_AFTER_S = 10;
const LOOKS = { healthy: "ok", degraded: "warning", unhealthy: "critical" };

let sockets = null;
let answers = true;
const main = document.querySelector("main");
const banner = new Banner(document.querySelector("#connection"));
const announcer = new Announcer(put.bind(null, document.querySelector("#announcements")));
const address = new URL(main.dataset.socket, location.href);
address.protocol = address.protocol.replace("http", "ws");
const link = new ReconnectingWebSocket(address.href, {
  heard,
  moved: tell,
  silence: SILENCE_MS,
  wakes: [
    [globalThis, "online"],
    [document, "visibilitychange"],
  ],
});

function heard(text) {
  const frame = JSON.parse(text);
  if (frame.type === "system_health") {
    sockets = frame.open_sockets;
    showSockets();
    for (const [part, age] of Object.entries(frame.silent_s)) if (part !== "database") showPart(part, age);
  }
  if (frame.type === "api_health") showServer(frame);
  return frame.type !== "error";
}

function showSockets() {
  if (sockets !== null) put(document.querySelector("[data-sockets]"), String(sockets));
}

function showPart(part, age) {
  const row = document.querySelector(`[data-part="${part}"]`);
  if (row === null) return;
  const well = age !== null && age <= SILENT_AFTER_S;
  look(row, well ? "ok" : "critical", well ? "ok" : "silent");
  put(row.querySelector(".told"), age === null ? "never seen" : `seen ${span(age)} ago`);
}

function showServer({ server, status, response_time_ms }) {
  const row = document.querySelector(`[data-server="${CSS.escape(server)}"]`);
  if (row === null) return;
  const words = { healthy: "connected", degraded: "degraded", unhealthy: "disconnected" };
  look(row, LOOKS[status], words[status]);
  if (response_time_ms !== null) put(row.querySelector(".told"), `${response_time_ms} ms`);
}

function look(row, state, word) {
  const chip = row.querySelector(".chip");
  if (chip.dataset.state !== state) {
    chip.dataset.state = state;
    chip.querySelector("use").setAttribute("href", `#glyph-${state}`);
  }
  put(chip.querySelector(".word"), word);
}

function tell(socket) {
  const silent = answers ? null : "The server does not answer: this page may be old.";
  const lost = connectionText(socket, performance.now()) ?? silent;
  banner.say(lost, { retry: socket.retryAt !== null, signIn: socket.ended?.act === "sign-in" });
  announcer.say(lost);
}

/** Have the page again, and put in what is another than before; what has the focus is left alone. */
async function refresh() {
  try {
    const answer = await ask(location.href);
    answers = answer.ok;
    if (!answers) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const fresh of page.querySelectorAll("[data-fresh]")) {
      const part = document.querySelector(`[data-fresh="${fresh.dataset.fresh}"]`);
      if (part === null || part.isEqualNode(fresh) || part.contains(document.activeElement)) continue;
      part.replaceWith(fresh);
    }
    document.title = page.title;
    showSockets();
  } catch {
    answers = false;
  }
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

document.querySelector("#connection .retry").addEventListener("click", () => link.retry());
setInterval(() => tell(link), 1000);
setInterval(refresh, EVERY_MS);

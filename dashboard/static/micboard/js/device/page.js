/** The entry of a channel's page: its tile and its plots, live from the feed, and the range that somebody chooses. */

import { face } from "../face.js";
import { MicboardFeed } from "../micboard.js";
import { draw } from "../tile.js";
import { watchOver } from "../watch_over.js";
import { History } from "./history.js";
import { watch } from "./server.js";
import { localise } from "./times.js";

const WATCH_MS = 10_000;
const clockTime = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", hourCycle: "h23" });

const main = document.querySelector(".device");
const id = main.dataset.device;
const tile = document.querySelector(".tile");
const steps = [...document.querySelectorAll(".steps > li")];
const feed = new MicboardFeed(main.dataset.socket, { scope: `device:${id}`, throttle: 100 });
const past = JSON.parse(document.querySelector("#past").textContent);
const arrivedMs = performance.now();
// Until the feed says what time it is on the server, the page's own time goes on.
const now = () => (feed.board.epoch === null ? past.now + performance.now() - arrivedMs : feed.now());
const history = new History(past, now);
const tellConnection = watchOver(feed);
let changed = false;
let askedMs = performance.now();

feed.on("snapshot", heard);
feed.on("change", heard);

function heard() {
  const row = feed.channels.get(id);
  if (row === undefined) return;
  history.hear(row);
  changed = true;
  tick();
}

function tick() {
  const row = feed.channels.get(id);
  if (row !== undefined) {
    draw(tile, face(row, { seen: feed.lastSeen(row), nowMs: now(), alerts: feed.alerts.values() }));
    for (const step of steps) step.hidden = !row.reasons.includes(step.dataset.reason);
  }
  document.querySelector(".clock").textContent = clockTime.format(now());
  history.tick();
  tellConnection();
  if (changed && performance.now() - askedMs > history.worthAsking) show(history.range);
}

function show(range) {
  changed = false;
  askedMs = performance.now();
  return history.show(range).catch(() => {
    changed = true; // the connection's own banner says what is wrong
  });
}

document.querySelector(".ranges").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  window.history.replaceState(null, "", link.href);
  for (const each of document.querySelectorAll(".ranges a")) each.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  for (const file of document.querySelectorAll(".export")) {
    file.href = `${file.pathname}?range=${link.dataset.range}`;
  }
  show(link.dataset.range);
});
// theme.js puts the theme there, whoever chose it.
new MutationObserver(() => history.repaint()).observe(document.documentElement, {
  attributeFilter: ["data-theme"],
});
matchMedia("print").addEventListener("change", () => history.repaint());

localise(document, now());
setInterval(tick, 1000);
const look = () => document.visibilityState === "visible" && watch().catch(() => {});
look();
setInterval(look, WATCH_MS);
document.documentElement.dataset.ready = "";

/** The list's entry: the snapshot in the page, then the feed; what is asked for stands in the filters. */

import { age, freshness } from "./age.js";
import { face, isKnown, stateNow } from "./face.js";
import { Filters } from "./filters.js";
import { InView } from "./in_view.js";
import { line } from "./line.js";
import { sorted, wanted } from "./listed.js";
import { MicboardFeed } from "./micboard.js";
import { countOpenAlerts } from "./open_alerts.js";
import { counts } from "./order.js";
import { isCurrent } from "./outlook.js";
import { Reveal } from "./reveal.js";
import { RfHistory } from "./rf_history.js";
import { drawRow } from "./row.js";
import { lastSeen } from "./store.js";
import { Tiles } from "./tiles.js";
import { watchOver } from "./watch_over.js";

const main = document.querySelector("main");
const feed = new MicboardFeed(main.dataset.socket, {
  snapshot: JSON.parse(document.querySelector("#snapshot").textContent),
  throttle: 100,
});
const titles = Object.fromEntries(
  [...document.querySelectorAll('[name="location"] option[value]')].map(({ value, text }) => [value, text]),
);
const rows = new Tiles(document.querySelector("tbody"), document.querySelector("#line-template"), drawRow);
const inView = new InView((elements) => elements.forEach(draw));
const rf = new RfHistory(
  main.dataset.rf,
  () => feed.channels,
  () => inView.elements.forEach(draw),
);
const reveal = new Reveal(rows.container);
const filters = new Filters({ sorted: arrange, searched: search });
const tellConnection = watchOver(feed);
countOpenAlerts(feed);
const written = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "long" }); // as ISO 8601 has it
let states = new Map();

/** Decide every channel's state for this moment. Returns whether any is another than before. */
function decide() {
  const before = states;
  const now = feed.now();
  states = new Map();
  let moved = false;
  for (const [id, channel] of feed.channels) {
    if (channel.kind !== "microphone") continue;
    const seen = lastSeen(feed.board, channel);
    const state = stateNow(channel, seen, now);
    const fresh = freshness(age(seen.at, now), seen.interval_s);
    const entry = { channel, state, isKnown: isKnown(state, fresh), isCurrent: isCurrent(state, fresh) };
    states.set(id, entry);
    const was = before.get(id);
    moved ||= ["state", "isKnown", "isCurrent"].some((known) => was?.[known] !== entry[known]);
  }
  return moved;
}

function draw(row) {
  const id = row.dataset.device;
  const channel = feed.channels.get(id);
  if (channel === undefined) return;
  drawRow(
    row,
    line(
      channel,
      face(channel, { seen: lastSeen(feed.board, channel), nowMs: feed.now(), alerts: feed.alerts.values() }),
      titles,
    ),
  );
  rf.draw(id, row.querySelector(".sparkline"));
}

/** Put everybody in their place. Who is not asked for stays there, hidden, so that a search moves nobody. */
function place() {
  decide();
  arrange();
}

function arrange() {
  const all = sorted([...states.values()], filters.wish.sort);
  rows.place(ids(all), asked());
  for (const row of rows.container.children) inView.watch(row);
}

function search() {
  const isShown = asked();
  // Where nobody is asked for the table is hidden as a whole, and its rows may stay.
  if (document.querySelector(".channels").hidden) reveal.stop();
  else reveal.to((row) => isShown(row.dataset.device));
}

/** Say how many are asked for, and return who that is. */
function asked() {
  const all = [...states.values()];
  const shown = new Set(ids(wanted(all, filters.wish)));
  const found = counts(all, ({ state }) => state);
  for (const choice of document.querySelectorAll(".choice")) {
    put(choice.querySelector(".number"), String(found[choice.dataset.state]));
  }
  for (const element of document.querySelectorAll(".of")) put(element, `${shown.size} of ${all.length}`);
  main.querySelector(".nobody").hidden = all.length > 0;
  main.querySelector(".nomatch").hidden = shown.size > 0 || all.length === 0;
  document.querySelector(".channels").hidden = shown.size === 0;
  return (id) => shown.has(id);
}

function changed(those) {
  rf.note(those);
  place();
  const news = new Set(those);
  for (const row of inView.elements) if (news.has(row.dataset.device)) draw(row);
}

function ids(entries) {
  return entries.map(({ channel }) => channel.device_id);
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

feed.on("snapshot", ({ ids: all }) => {
  changed(all);
  rf.load();
});
feed.on("change", (told) => changed([...told.changed, ...told.added, ...told.removed]));
setInterval(() => {
  if (decide()) arrange();
  inView.elements.forEach(draw);
  tellConnection();
}, 1000);
addEventListener("beforeprint", () => {
  rows.show(asked());
  for (const row of rows.container.children) draw(row);
  put(main.querySelector(".generated time"), written.format(feed.now()));
});
place();
requestIdleCallback(() => wanted([...states.values()], { ...filters.wish, q: "-" })); // readies all for a search
rf.load();
if (location.hash === "#search") document.querySelector("#search").focus();

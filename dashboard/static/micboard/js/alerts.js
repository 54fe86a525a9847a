/** The alerts page's entry: shows the page as the server has it now, whenever the feed tells of an alert. */

import { listenForAlertKeys, rowAbout } from "./alert_keys.js";
import { renew } from "./alert_rows.js";
import { ask } from "./ask.js";
import { moment, span } from "./format.js";
import { MicboardFeed } from "./micboard.js";
import { mutesIn, sayMuted } from "./muted_note.js";
import { soundOf } from "./sound.js";
import { watchOver } from "./watch_over.js";

const AGAIN_MS = 20_000; // mutes that no alert falls under are nowhere on the feed

const main = document.querySelector("main");
const feed = new MicboardFeed(main.dataset.socket, { throttle: 250 });
const tellConnection = watchOver(feed);
const parser = new DOMParser();
const sending = new WeakSet();
let asking = false;
let askAgain = false;

/** Show the page as it is now. Whoever asks meanwhile is answered by one more. */
async function refresh() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  try {
    const answer = await ask(location.pathname + location.search);
    if (answer.ok) show(await answer.text());
  } catch {
    // The banner says that the server is away; the next window, or the next turn, asks again.
  }
  asking = false;
  if (askAgain) {
    askAgain = false;
    refresh();
  }
}

function show(text, options) {
  const focused = renew(parser.parseFromString(text, "text/html"), options);
  localise();
  if (focused && !document.activeElement?.closest(".alert")) {
    (rowAbout(focused) ?? main).focus({ preventScroll: true });
  }
}

function say(sentence) {
  const said = document.createElement("p");
  said.className = "said";
  said.textContent = sentence;
  document.querySelector('[data-live="said"]').replaceChildren(said);
}

async function send(form) {
  const body = new FormData(form);
  if (body.has("behind_utc_min")) body.set("behind_utc_min", new Date().getTimezoneOffset());
  // Not by disabling its button, which would lose the focus.
  if (sending.has(form)) return;
  sending.add(form);
  try {
    const answer = await ask(form.action, { method: "POST", body, redirect: "follow" });
    if (answer.ok) {
      const closing = form.closest("details");
      if (closing) closing.open = false;
      show(await answer.text(), { isAnswer: true });
    } else if (answer.status === 403) {
      say("That is not for you, or you are signed out: reload the page.");
    } else say("Not done: the server could not do it. Try again.");
  } catch {
    say("Not sent: the server does not answer. Try again.");
  }
  sending.delete(form);
}

/** Tell times in the reader's zone, and the time at which a mute ends only to who wants to choose one. */
function localise() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const local = moment(time.dateTime, feed.now());
    if (time.textContent !== local) time.textContent = local;
  }
  for (const zone of document.querySelectorAll(".until .zone")) zone.hidden = true;
  for (const choice of document.querySelectorAll("select[name=lasting]")) chooseEnd(choice);
  tick();
}

function chooseEnd(choice) {
  const until = choice.form.elements.until;
  until.required = choice.value === "until";
  until.closest("label").hidden = !until.required;
}

function tick() {
  for (const age of document.querySelectorAll("[data-since]")) {
    const told = span((feed.now() - Date.parse(age.dataset.since)) / 1000);
    if (age.textContent !== told) age.textContent = told;
  }
  const note = document.querySelector(".muted-note");
  const wasMuted = !note.hidden;
  // When it ends its alerts are open again; by the server's clock, which may be a little behind this one.
  if (!sayMuted(note, mutesIn(note), feed.now()) && wasMuted) setTimeout(refresh, 1000);
  tellConnection();
}

document.addEventListener("submit", (event) => {
  if (!main.contains(event.target)) return;
  event.preventDefault();
  send(event.target);
});
document.addEventListener("change", ({ target }) => {
  if (target.matches("select[name=lasting]")) chooseEnd(target);
});
feed.on("snapshot", refresh);
feed.on("change", ({ alerts }) => alerts.length > 0 && refresh());
setInterval(tick, 1000);
setInterval(() => document.hidden || refresh(), AGAIN_MS);
soundOf(feed, document.querySelector(".sound"));
listenForAlertKeys();
localise();
if (location.hash.startsWith("#about-")) {
  rowAbout(decodeURIComponent(location.hash.slice("#about-".length)))?.focus();
}

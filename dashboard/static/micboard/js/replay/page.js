/** The entry of the wall's replay: the board of a moment, and the way to another. */

import { ask } from "../ask.js";
import { copyLink } from "../copy_link.js";
import { Display } from "../display.js";
import { span } from "../format.js";
import { closeLikeAMenu } from "../menu.js";
import { apply, emptyBoard } from "../store.js";
import { awayWords, rewound } from "./past.js";
import { Player } from "./player.js";
import { Scrubber, written } from "./scrubber.js";

const seconds = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const timeOfDay = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", hourCycle: "h23" });
const section = document.querySelector(".replay");
const part = (selector) => section.querySelector(selector);
const told = JSON.parse(document.querySelector("#replay").textContent);
const retained = told.retained.map(Date.parse);
const openedMs = performance.now();

let wanted = Date.parse(told.at);
let shown = wanted;
let loading = null;

const board = emptyBoard();
const snapshot = JSON.parse(document.querySelector("#snapshot").textContent);
apply(board, snapshot);
const display = new Display(board, () => shown);
const scrubber = new Scrubber((at) => {
  player.pause();
  go(at);
});
const player = new Player(async (ms) => {
  await go(wanted + ms);
  return wanted < retained[1];
});

/** Show the board of another moment; while one is being fetched, the last that is wanted comes next. */
function go(at) {
  wanted = Math.min(Math.max(Math.round(at), retained[0]), retained[1]);
  say();
  loading ??= load().finally(() => {
    loading = null;
  });
  return loading;
}

async function load() {
  while (shown !== wanted) {
    const at = wanted;
    const query = new URLSearchParams({ at: new Date(at).toISOString() });
    if (at > shown) query.set("since", new Date(shown).toISOString());
    try {
      const answer = await ask(`${section.dataset.board}?${query}`);
      if (!answer.ok) throw new Error(`${answer.status}`);
      const told = await answer.json();
      const changed = rewound(board, told);
      shown = at;
      tellAbsence(told.away);
      display.changed(changed);
      display.tick();
      part(".said").textContent = "";
    } catch {
      player.pause();
      wanted = shown;
      part(".said").textContent = "The server does not answer, or you are signed out.";
    }
    say();
  }
  const address = new URL(location.href);
  address.searchParams.set("at", new Date(shown).toISOString());
  history.replaceState(null, "", address);
}

function say() {
  const moment = part(".moment");
  moment.dateTime = new Date(wanted).toISOString();
  moment.textContent = seconds.format(wanted);
  part(".ago").textContent = `${span((retained[1] + performance.now() - openedMs - wanted) / 1000)} ago`;
  document.title = `Replay ${written(wanted)} · Micboard`;
  if (wanted < scrubber.from || wanted > scrubber.to) show();
  else scrubber.point(wanted);
  part(".go [name=at]").value = localInput(wanted);
}

function tellAbsence(away) {
  part(".away").hidden = away === null;
  if (away === null) return;
  const isOfTheDay = (at) => new Date(at).toDateString() === new Date(shown).toDateString();
  const written = (at) => (isOfTheDay(at) ? timeOfDay : seconds).format(Date.parse(at));
  part(".away .when").textContent = awayWords(away, written);
}

/** Show more or less of the past on the scrubber, with its alerts. */
async function show() {
  scrubber.around(wanted, 1000 * Number(part(".around select").value), retained);
  const [from, to] = [scrubber.from, scrubber.to].map((at) => new Date(at).toISOString());
  const answer = await ask(`${section.dataset.alerts}?from=${from}&to=${to}`).catch(() => null);
  if (answer?.ok) scrubber.mark(await answer.json());
}

function localInput(at) {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

part(".controls").hidden = false;
part(".zone").textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
part(".go form").addEventListener("submit", (event) => {
  event.preventDefault();
  part(".go").open = false;
  player.pause();
  go(Date.parse(part(".go [name=at]").value));
});
for (const button of section.querySelectorAll(".step")) {
  button.addEventListener("click", () => {
    player.pause();
    go(wanted + 1000 * Number(button.dataset.by));
  });
}
part(".speed select").addEventListener("change", ({ target }) => {
  player.speed = Number(target.value);
});
part(".around select").addEventListener("change", show);
part(".copy").addEventListener("click", copyLink);
closeLikeAMenu(part(".go"));
const menu = document.querySelector(".menu");
if (menu) closeLikeAMenu(menu);
scrubber.around(wanted, 1000 * Number(part(".around select").value), retained);
scrubber.mark(told);
tellAbsence(snapshot.away);
say();
display.place(); // in the room that the controls leave
display.tick();
document.documentElement.dataset.ready = "";

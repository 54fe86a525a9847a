/** The header's note while anything is muted: "2 mutes, until 21:30". It goes by itself when the last one ends. */

import { askAgain } from "./ask_again.js";
import { moment } from "./format.js";

const ASK_EVERY_MS = 20_000; // a mute of which no alert tells is nowhere on the feed

/** Say how many mutes there are and until when (ISO 8601), or nothing for none. Returns whether there are any. */
export function sayMuted(note, { number, until = null }, nowMs) {
  const holds = number > 0 && Date.parse(until) > nowMs;
  note.hidden = !holds;
  note.querySelector(".sentence").textContent = holds
    ? `${number === 1 ? "1 mute" : `${number} mutes`}, until ${moment(until, nowMs)}`
    : "";
  return holds;
}

/** What the server told in a note. */
export function mutesIn({ dataset }) {
  return { number: Number(dataset.number ?? 0), until: dataset.until ?? null };
}

/** Keep the note of a page true that shows no alerts itself. */
export function watchMutes(note, feed) {
  let told = mutesIn(note);
  const ask = askAgain(note.dataset.mutes, feed, ASK_EVERY_MS, (answer) => {
    told = answer;
    sayMuted(note, told, feed.now());
  });
  feed.on("change", ({ alerts }) => alerts.length > 0 && ask());
  sayMuted(note, told, feed.now());
  setInterval(() => sayMuted(note, told, feed.now()), 1000);
}

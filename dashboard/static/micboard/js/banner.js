/** What is wrong between this page and the microphones, other than the microphones: one sentence each. */

import { span } from "./format.js";

const BRIEFLY_MS = 2_000; // a reconnect that takes no longer is nobody's business

/** The sentence about the connection, or null while it is well. Times are on one local clock. */
export function connectionText({ open, ended, heardAt, lostAt, retryAt }, now) {
  if (ended !== null) return ended.why;
  if (open || lostAt === null || now - lostAt < BRIEFLY_MS) return null;
  const next = retryAt === null ? "Retrying now." : `Retrying in ${span((retryAt - now) / 1000 + 1)}.`;
  return `Connection lost ${span((now - heardAt) / 1000)} ago: values may be old. ${next}`;
}

/** The sentence about the poller, or null while it is at work. `stoppedS` is null when nothing was ever polled. */
export function pollingText(live, stoppedS) {
  if (live) return null;
  return stoppedS === null
    ? "Polling has not started."
    : `Polling stopped ${span(stoppedS)} ago: values may be old.`;
}

export class Banner {
  #element;
  #announced = "";

  constructor(element) {
    this.#element = element;
  }

  /** Show this sentence, or nothing for null. A link and a button stand in it for those who can act. */
  say(sentence, { retry = false, signIn = false } = {}) {
    const element = this.#element;
    element.hidden = sentence === null;
    const said = element.querySelector(".sentence");
    if (said.textContent !== (sentence ?? "")) said.textContent = sentence ?? "";
    for (const [selector, wanted] of [
      [".retry", retry],
      [".sign-in", signIn],
    ]) {
      const control = element.querySelector(selector);
      if (control !== null) control.hidden = !wanted;
    }
    this.#announce(sentence);
  }

  // The sentence counts seconds; read out loud it would never end. So only its subject is, once.
  #announce(sentence) {
    const subject = (sentence ?? "").replace(/ \d.*/, "");
    if (subject === this.#announced) return;
    this.#announced = subject;
    document.querySelector("#announcements").textContent = subject;
  }
}

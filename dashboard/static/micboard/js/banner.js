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

  constructor(element) {
    this.#element = element;
  }

  /** Show this sentence, or nothing for null. A link and a button stand in it for those who can act. */
  say(sentence, { retry = false, signIn = false } = {}) {
    const element = this.#element;
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
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
    // A control that goes takes the focus with it; whoever used it goes on from the page.
    if (focused?.closest("[hidden]")) document.querySelector("main").focus({ preventScroll: true });
  }
}

/** Has what is wrong read out loud, by `put(text)`: once, without the seconds that the sentence counts. */
export class Announcer {
  #subject = "";

  constructor(put) {
    this.put = put;
  }

  /** Nothing is wrong where the sentence is null. */
  say(sentence) {
    const subject = (sentence ?? "").replace(/ \d.*/, "");
    if (subject === this.#subject) return;
    this.#subject = subject;
    this.put(subject);
  }
}

/** Whether a lost connection is tried again, and how soon. Pure: time and chance are handed in. */

import { afterClose } from "./protocol.js";

const DELAYS_S = [1, 2, 4, 8, 15];
const BACKOFF_FROM = 3;
const JITTER = 0.2;
const RESUMES_APART_MS = 5_000; // a server that leaves a hole each time is not asked without end

/** Milliseconds to wait before try `attempt` (from 0); `chance` is in 0…1, so that clients do not come in step. */
export function retryDelay(attempt, chance) {
  const seconds = DELAYS_S[Math.min(attempt, DELAYS_S.length - 1)];
  return seconds * 1000 * (1 + JITTER * (2 * chance - 1));
}

export class Patience {
  #attempt = 0;
  #refusals = 0;
  #resumedAt = Number.NEGATIVE_INFINITY;

  /** `renews` says that each try brings a new way in, so that one which is refused is no end. */
  constructor(delay, renews) {
    this.delay = delay;
    this.renews = renews;
  }

  /** The server has let us in. */
  served() {
    this.#attempt = 0;
    this.#refusals = 0;
  }

  /** After this close code: { waitMs } until the next try, or { ended } with why there is none. */
  after(code, chance) {
    const { act, why } = afterClose(code);
    if (act === "stop" || (act === "sign-in" && !this.#mayRenew())) return { ended: { act, code, why } };
    if (act === "backoff") this.#attempt = Math.max(this.#attempt, BACKOFF_FROM);
    const waitMs = this.delay(this.#attempt, chance);
    this.#attempt += 1;
    return { waitMs };
  }

  /** Whether what was missed may be asked for at once. */
  mayResume(now) {
    const may = now - this.#resumedAt >= RESUMES_APART_MS;
    this.#resumedAt = now;
    return may;
  }

  // The first refusal may be of a ticket that was too old; a second in a row is of whoever gets them.
  #mayRenew() {
    this.#refusals += 1;
    return this.renews && this.#refusals === 1;
  }
}

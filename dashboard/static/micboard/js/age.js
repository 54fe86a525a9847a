/** How old a value may be before it says so, by the server's clock. Pure. */

const STALE_AT_LEAST_S = 45;
export const LAPSED_S = 600;
const HEARD_MOST = 16;

/** The seconds between two polls of a channel's receiver. */
export function interval(channel, intervals) {
  return channel.interval_s ?? intervals[channel.tier] ?? intervals.normal ?? 30;
}

/** Seconds since `at` (ISO 8601), or null when it never was. Never below zero: clocks differ by a little. */
export function age(at, nowMs) {
  return at == null ? null : Math.max(0, (nowMs - Date.parse(at)) / 1000);
}

/** "fresh", "late", "stale", or "lapsed": too old to show as a value at all. */
export function freshness(ageS, intervalS) {
  if (ageS === null || ageS > Math.max(LAPSED_S, 3 * intervalS)) return "lapsed";
  if (ageS > Math.max(STALE_AT_LEAST_S, 3 * intervalS)) return "stale";
  return ageS > 1.5 * intervalS + 2 ? "late" : "fresh";
}

export const isOld = (fresh) => fresh === "stale" || fresh === "lapsed";

/**
 * The server's time, from the timestamps on its frames and a local clock that only goes forward.
 * A frame can be late but never early, so the one that was least delayed is right.
 */
export class ServerClock {
  #offsets = [];

  hear(timestamp, localMs) {
    this.#offsets.push(Date.parse(timestamp) - localMs);
    // Only the last few, so that a server whose clock was put back is believed again within a minute.
    if (this.#offsets.length > HEARD_MOST) this.#offsets.shift();
  }

  now(localMs) {
    return localMs + Math.max(...this.#offsets);
  }
}

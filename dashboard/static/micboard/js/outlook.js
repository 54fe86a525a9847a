/**
 * How long a battery lasts beside what its transmitter tells: our own estimate, and whether to the event's end. Pure.
 * `dashboard/outlook.py` does the same for the first paint; the vectors in tests/vectors hold them together.
 */

import { runtime } from "./format.js";

const LASTS = "lasts ✓";
const BATTERY = new Set(["battery_critical", "battery_low", "battery_short"]);
export const HORIZON_MS = 12 * 3_600_000; // an end that is further off is past every battery, and says nothing yet

export const NOTHING = { says: "", short: false };

/** Whether a forecast may be shown: values in use, and of now. */
export function isCurrent(state, fresh) {
  const inUse = state === "ok" || state === "warning" || state === "critical";
  return inUse && (fresh === "fresh" || fresh === "late");
}

/** The minutes that are left by our own estimate; null where the transmitter tells, or nobody knows. */
export function estimateMin({ battery_minutes, forecast }) {
  return battery_minutes == null && forecast?.estimated ? forecast.minutes : null;
}

export function estimate(channel) {
  const minutes = estimateMin(channel);
  return minutes === null ? "" : `~${runtime(minutes)}`;
}

/**
 * What there is to say of a current channel: `says`, "" for nothing, and whether it is `short`. `endsMs` is a wall's
 * own end, instead of the event's; a channel that is in trouble for being short of that says so in any case.
 */
export function outlook({ forecast, reasons }, nowMs, endsMs) {
  if (forecast == null) return NOTHING;
  let { lasts, short_minutes: shortMin } = forecast;
  if (endsMs != null && !reasons.includes("battery_short")) {
    if (endsMs <= nowMs || endsMs - nowMs > HORIZON_MS) return NOTHING;
    shortMin = Math.max(0, minutesTo(endsMs, nowMs) - forecast.minutes);
    lasts = shortMin === 0;
  }
  if (lasts == null) return NOTHING;
  return lasts ? { says: LASTS, short: false } : { says: `short by ${runtime(shortMin ?? 0)}`, short: true };
}

export const spoken = ({ says }) => (says === LASTS ? "lasts" : says);

/** The reasons that there is still something to say about: this says more of the battery. */
export function beside(reasons, { says }) {
  return says ? reasons.filter((reason) => !BATTERY.has(reason)) : reasons;
}

/** The minutes until then, as the clocks show them: a begun one counts whole. */
export const minutesTo = (endsMs, nowMs) => Math.ceil((endsMs - nowMs) / 60_000);

/**
 * What one tile says: from a channel's values to words, decided in one place. Pure.
 * `dashboard/faces.py` does the same for the first paint; the vectors in tests/vectors hold them together.
 */

import { age, freshness, isOld } from "./age.js";
import { bars, level, moment, shown, span, UNKNOWN } from "./format.js";
import { battery, batteryInBrief, headlineOf } from "./headline.js";
import { complaint, subjects } from "./reasons.js";

const QUALITIES = new Set(["excellent", "good", "fair", "poor", "overload", "no_tx"]);

const LONG_NAME = 12; // characters on one line; a longer one is set smaller, on two

export const STATE_WORDS = {
  critical: "critical",
  offline: "no receiver",
  warning: "warning",
  stale: "stale",
  ok: "ok",
  off: "off",
};

/** The state to show: the server's, but never quiet about a value that has grown old on the way here. */
export function stateNow(channel, seen, nowMs) {
  const quiet = channel.state === "ok" || channel.state === "off";
  return quiet && isOld(freshness(age(seen.at, nowMs), seen.interval_s)) ? "stale" : channel.state;
}

/**
 * The face of a channel at this moment, by the server's clock. `seen` is when its receiver last answered and
 * the interval that held then; `zone` names the zone of the times of day (none: the reader's own).
 */
export function face(channel, { seen, nowMs, zone }) {
  const ageS = age(seen.at, nowMs);
  const fresh = freshness(ageS, seen.interval_s);
  const state = stateNow(channel, seen, nowMs);
  const headline = headlineOf(channel, state, fresh);
  const name = shown(channel.name);
  const complaints = complaintsOf(channel, state);
  const unknown = state === "offline" || fresh === "lapsed";
  const muted = channel.mute_status === true;
  return {
    id: channel.device_id,
    name,
    long: [...name].length > LONG_NAME,
    state,
    freshness: fresh,
    headline: headline.text,
    unit: headline.unit,
    size: sizeOf(headline.text),
    note: noteOf(channel, state, fresh, { at: seen.at, nowMs, zone }),
    bars: unknown || state === "off" ? null : (channel.battery_bars ?? bars(channel.battery_level)),
    quality: !unknown && QUALITIES.has(channel.rf_quality) ? channel.rf_quality : "unknown",
    rf: rfOf(channel, state, fresh),
    age: ageOf(state, fresh, ageS, { at: seen.at, nowMs, zone }),
    notice: complaints[0] ?? "",
    details: complaints.join("; "),
    muted,
    label: [
      channel.device_id,
      name,
      STATE_WORDS[state],
      `${headline.text} ${headline.unit}`.trim(),
      complaints[0],
      muted && "muted",
    ]
      .filter(Boolean)
      .join(", "),
  };
}

// What is longer is set smaller, so that it stays on one line.
function sizeOf({ length }) {
  if (length <= 6) return "large";
  return length <= 8 ? "medium" : "small";
}

// A trouble that this page has no words for is the headline already.
function complaintsOf({ reasons }, state) {
  const told = state === "critical" || state === "warning" ? reasons.slice(1) : reasons;
  return told.map(complaint).filter(Boolean);
}

function noteOf(channel, state, fresh, { at, nowMs, zone }) {
  const about = subjects(channel.reasons);
  const before = fresh === "lapsed" && at !== null ? battery(channel, "") : null;
  const last = before ? `last ${before.text} at ${moment(at, nowMs, zone)}` : null;
  switch (state) {
    case "critical":
      return last ? `CRITICAL · ${last}` : `CRITICAL ${about}`.trim();
    case "warning":
      if (last) return last;
      return channel.reasons[0] === "battery_low" ? `LOW ${about}` : about || "WARNING";
    case "offline":
      return `OFFLINE ${span(age(channel.state_since, nowMs))}`;
    case "off": {
      const was = channel.last && batteryInBrief(channel.last);
      return `since ${moment(channel.state_since, nowMs, zone)}${was ? ` · was ${was}` : ""}`;
    }
    case "stale":
      return at === null ? "not read yet" : (last ?? "STALE");
    default:
      return channel.charging ? "OK · charging" : "OK";
  }
}

function rfOf(channel, state, fresh) {
  if (state === "off" || state === "offline") return "";
  if (channel.rf_signal == null || fresh === "lapsed") return `RF ${UNKNOWN}`;
  return `RF ${level(channel.rf_signal, "dBm")}${isOld(fresh) ? "?" : ""}`;
}

function ageOf(state, fresh, ageS, { at, nowMs, zone }) {
  if (ageS === null) return "never seen";
  if (state === "offline") return `seen ${moment(at, nowMs, zone)}`;
  return isOld(fresh) ? `${span(ageS)} old` : span(ageS);
}

/**
 * What one tile says: from a channel's values to words, decided in one place. Pure.
 * `dashboard/faces.py` does the same for the first paint; the vectors in tests/vectors hold them together.
 */

import { age, freshness, isOld } from "./age.js";
import { bars, level, moment, shown, span, UNKNOWN } from "./format.js";
import { battery, batteryInBrief, headlineOf, said } from "./headline.js";
import { inHand } from "./in_hand.js";
import { beside, estimate, isCurrent, NOTHING, outlook, spoken } from "./outlook.js";
import { complaint, explained, subjects } from "./reasons.js";

const QUALITIES = new Set(["excellent", "good", "fair", "poor", "overload", "no_tx"]);
const COLOURS = new Set(["blue", "violet", "pink", "white"]);

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

/** Whether there are values to show: a transmitter that was heard not too long ago. */
export const isKnown = (state, fresh) => state !== "off" && state !== "offline" && fresh !== "lapsed";

/**
 * The face of a channel at this moment, by the server's clock. `seen` is when its receiver last answered and
 * the interval that held then; `alerts` tell who has it in hand; `endsMs` is a wall's own end, to which batteries have
 * to last; `zone` names the zone of the times of day (none: the reader's own).
 */
export function face(channel, { seen, nowMs, alerts = [], endsMs = null, zone }) {
  const ageS = age(seen.at, nowMs);
  const fresh = freshness(ageS, seen.interval_s);
  const state = stateNow(channel, seen, nowMs);
  const headline = headlineOf(channel, state, fresh);
  const name = shown(channel.name);
  const complaints = complaintsOf(channel, state);
  const notice = complaints.map(complaint).find(Boolean) ?? "";
  const known = isKnown(state, fresh);
  const current = isCurrent(state, fresh);
  const isFigure = said(channel, state) === null;
  const estimated = current && isFigure ? estimate(channel) : "";
  const found = current ? outlook(channel, nowMs, endsMs) : NOTHING;
  // That the battery lasts is no news beside trouble of another kind, or on a charger.
  const prospect = found.short || (isFigure && !channel.charging) ? found : NOTHING;
  const taken = inHand(channel, state, alerts, nowMs, zone);
  const muted = known && channel.mute_status === true;
  const colour = COLOURS.has(channel.colour) ? channel.colour : null;
  return {
    id: channel.device_id,
    name,
    name_size: sizeOf(name, { large: 8, medium: 16 }),
    state,
    freshness: fresh,
    ...noteOf(channel, state, fresh, prospect, { at: seen.at, nowMs, zone }),
    headline: headline.text,
    headline_size: sizeOf(headline.text, { large: 6, medium: 8 }),
    unit: headline.unit,
    estimate: estimated,
    outlook: prospect.says,
    short: prospect.short,
    bars: known ? (channel.battery_bars ?? bars(channel.battery_level)) : null,
    quality: qualityOf(channel, state, fresh),
    rf: rfOf(channel, state, fresh),
    age: ageOf(state, fresh, ageS, { at: seen.at, nowMs, zone }),
    notice,
    details: explained(complaints),
    muted,
    acked: taken.by !== "",
    acked_by: taken.by,
    acked_at: taken.at,
    label: [
      channel.device_id,
      name,
      STATE_WORDS[state],
      `${headline.text} ${headline.unit}`.trim(),
      estimated.replace("~", "about "),
      spoken(prospect),
      notice,
      muted && "muted",
      taken.spoken,
      colour && `marked ${colour}`,
    ]
      .filter(Boolean)
      .join(", "),
    colour,
  };
}

// How large a text is set, by the most characters that a size has room for.
function sizeOf(text, { large, medium }) {
  const { length } = [...text];
  if (length <= large) return "large";
  return length <= medium ? "medium" : "small";
}

// A trouble that this page has no words for is the headline already.
function complaintsOf({ reasons }, state) {
  return state === "critical" || state === "warning" ? reasons.slice(1) : reasons;
}

// `word` is the state's, empty where the headline is it; `about` is what there is to add.
function noteOf(channel, state, fresh, prospect, { at, nowMs, zone }) {
  const before = lastFigure(channel, state, fresh, { at, nowMs, zone });
  const about = before || subjects(beside(channel.reasons, prospect));
  switch (state) {
    case "critical":
      return { word: "CRITICAL", about };
    case "warning":
      if (channel.reasons[0] === "battery_low") return { word: "LOW", about };
      return { word: about || prospect.says ? "" : "WARNING", about };
    case "offline":
      return { word: "OFFLINE", about: span(age(channel.state_since, nowMs)) };
    case "off": {
      const was = channel.last && batteryInBrief(channel.last);
      const since = `since ${moment(channel.state_since, nowMs, zone)}`;
      return { word: "", about: was ? `${since} · was ${was}` : since };
    }
    case "stale":
      if (at === null) return { word: "", about: "not read yet" };
      return { word: before ? "" : "STALE", about: before };
    default:
      return { word: "OK", about: channel.charging ? "charging" : "" };
  }
}

// The figure that the headline no longer says because it has lapsed, and of when it is.
function lastFigure(channel, state, fresh, { at, nowMs, zone }) {
  if (fresh !== "lapsed" || at === null || said(channel, state) !== null) return "";
  const known = battery(channel, "");
  return known === null ? "" : `last ${known.text} at ${moment(at, nowMs, zone)}`;
}

function qualityOf(channel, state, fresh) {
  const unknown = state === "offline" || fresh === "lapsed" || !QUALITIES.has(channel.rf_quality);
  return unknown ? "unknown" : channel.rf_quality;
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

/**
 * Until when the batteries of a wall have to last: the end of the event there, or the wall's own. Pure.
 * `dashboard/ends.py` does the same for the first paint; the vectors in tests/vectors hold them together.
 *
 * `places` are the locations by slug: { title, zone, ends_at }, the last null where there is no event.
 */

import { clockTimeIn, runtime } from "./format.js";
import { HORIZON_MS, minutesTo } from "./outlook.js";

const OWN = "this wall";
const DAY_MIN = 1440;
const MINUTE_MS = 60_000;

/**
 * The wall's own end where it has one (`until`, "22:30"), else the one that comes first of its channels' locations:
 * { ms, zone, place }, or null. `place` says of whom it is the end, where that is not all of the channels.
 */
export function endOf(channels, places, nowMs, until) {
  const slugs = new Set(channels.map(({ location }) => location ?? null));
  const known = [...slugs].filter((slug) => slug in places).sort();
  if (until) {
    // By the clocks of a place, or the reader's where the channels have none.
    const zone = places[known[0]]?.zone;
    return { ms: nextTime(until, zone, nowMs), zone, place: OWN };
  }
  const ends = new Map(known.map((slug) => [slug, endsMs(places[slug], nowMs)]));
  const near = known.filter((slug) => ends.get(slug) !== null).sort((a, b) => ends.get(a) - ends.get(b));
  if (near.length === 0) return null;
  const { title, zone } = places[near[0]];
  const ms = ends.get(near[0]);
  const later = near.some((slug) => ends.get(slug) !== ms);
  const alone = new Set([...slugs].map((slug) => ends.get(slug) ?? null)).size === 1;
  if (alone) return { ms, zone, place: "" };
  return { ms, zone, place: later ? `${title} first` : title };
}

export const isOwn = (end) => end?.place === OWN;

function endsMs({ ends_at }, nowMs) {
  const ms = ends_at === null ? null : Date.parse(ends_at);
  return ms !== null && isNear(ms, nowMs) ? ms : null;
}

const isNear = (ms, nowMs) => ms > nowMs && ms - nowMs <= HORIZON_MS;

/** When the clocks of a zone (none: the reader's own) show this time next. */
export function nextTime(text, zone, nowMs) {
  const wanted = minuteOf(text);
  const whole = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const ahead = mod(wanted - minuteOf(clockTimeIn(whole, zone)), DAY_MIN) || DAY_MIN;
  const ms = whole + ahead * MINUTE_MS;
  // The clocks may be put back or forward until then.
  const off = mod(wanted - minuteOf(clockTimeIn(ms, zone)) + DAY_MIN / 2, DAY_MIN) - DAY_MIN / 2;
  return ms + off * MINUTE_MS;
}

function minuteOf(text) {
  const [hours, minutes] = text.split(":");
  return 60 * Number(hours) + Number(minutes);
}

const mod = (a, n) => ((a % n) + n) % n;

/** What the header says: { to, left, place }. `ownZone` is that of its clock (none: the reader's): another is named. */
export function told({ ms, zone, place }, nowMs, ownZone) {
  const there = clockTimeIn(ms, zone);
  const named = there === clockTimeIn(ms, ownZone) ? "" : ` ${offset(ms, zone)}`;
  const left = isNear(ms, nowMs) ? `${runtime(minutesTo(ms, nowMs))} left` : "";
  return { to: `to ${there}${named}`, left, place };
}

function offset(ms, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "shortOffset" });
  return parts
    .formatToParts(ms)
    .find(({ type }) => type === "timeZoneName")
    .value.replace("GMT", "UTC");
}

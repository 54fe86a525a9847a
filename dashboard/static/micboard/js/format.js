/**
 * What people read: runtimes, spans, levels, and text as a device gave it. Pure.
 * `dashboard/shown.py` does the same for the first paint; the vectors in tests/vectors hold them together.
 */

export const UNKNOWN = "—";

const MOST_CLUSTERS = 127;
const MOST_CODE_POINTS = 512;
const ZERO_WIDTH_JOINER = "\u200D";
// Joiners stay: scripts and emoji need them, and they neither hide nor reorder anything.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const JOINERS = "\u200C\u200D";
const EXTENDS = /\p{M}|\u200C|\u200D|[\u{1F3FB}-\u{1F3FF}]/u;

/** Minutes as h:mm. */
export function runtime(minutes) {
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** Seconds as people say them, the finer unit only while it matters. */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const [minutes, hours, days] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86_400)];
  if (minutes < 1) return `${s} s`;
  if (minutes < 10) return s % 60 ? `${minutes} min ${s % 60} s` : `${minutes} min`;
  if (hours < 1) return `${minutes} min`;
  if (days < 1) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return days === 1 ? "1 day" : `${days} days`;
}

/** A level with a real minus sign, which a screen reader says and a line break leaves alone. */
export function level(value, unit) {
  if (value == null) return UNKNOWN;
  return `${value < 0 ? "\u2212" : ""}${Math.abs(value)}\u00A0${unit}`;
}

/** A time of day, "16:41", in a zone (none: the reader's own). */
export function clockTimeIn(ms, zone) {
  const { hour, minute } = partsIn(ms, zone);
  return `${hour}:${minute}`;
}

/** A time of day, with the date once that is a day ago; in the reader's own zone unless one is named. */
export function moment(at, nowMs, zone) {
  const ms = Date.parse(at);
  const parts = partsIn(ms, zone);
  const time = `${parts.hour}:${parts.minute}${zone ? ` ${zone}` : ""}`;
  return nowMs - ms < 86_400_000 ? time : `${parts.year}-${parts.month}-${parts.day} ${time}`;
}

function partsIn(ms, zone) {
  const parts = clockIn(zone).formatToParts(ms);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}

const clocks = new Map();

// Kept: making one costs more than a whole tile, and a wall asks each second.
function clockIn(zone) {
  if (!clocks.has(zone)) {
    clocks.set(
      zone,
      new Intl.DateTimeFormat("en-GB", {
        dateStyle: "short",
        timeStyle: "short",
        hourCycle: "h23",
        timeZone: zone,
      }),
    );
  }
  return clocks.get(zone);
}

/** The bars that a percentage fills, of five: the last bar goes out only at zero. */
export function bars(percent) {
  return percent == null ? null : Math.min(5, Math.max(0, Math.ceil(percent / 20)));
}

/**
 * Text from a device, made harmless to read: control and bidi characters as escapes, at most 128 graphemes.
 * It is still text and not markup: put it in with textContent.
 */
export function shown(text) {
  let out = "";
  let clusters = 0;
  let length = 0;
  let joined = false;
  for (const char of visible(text)) {
    if (!joined && !EXTENDS.test(char)) clusters += 1;
    length += 1;
    if (clusters > MOST_CLUSTERS || length > MOST_CODE_POINTS) return `${out}…`;
    out += char;
    joined = char === ZERO_WIDTH_JOINER;
  }
  return out;
}

function* visible(text) {
  for (const char of text) {
    if (INVISIBLE.test(char) && !JOINERS.includes(char)) yield* escaped(char);
    else yield char;
  }
}

function escaped(char) {
  const hex = char.codePointAt(0).toString(16).toUpperCase();
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}

/**
 * Which channels the list's address asks for, and in which order. Pure.
 * `dashboard/listed.py` does the same for the first paint; the vectors in tests/vectors hold them together.
 */

import { natural, WORST_FIRST } from "./order.js";
import { estimateMin } from "./outlook.js";

const MARKS = /\p{M}/gu;

/** What a query string asks for. `states` empty: all of them; `sort` is a column, with "-" from its end. */
export function wishIn(search) {
  const query = new URLSearchParams(search);
  const sort = query.get("sort") ?? "";
  const states = query.getAll("state").join(",").split(",");
  return {
    q: (query.get("q") ?? "").trim(),
    states: WORST_FIRST.filter((state) => states.includes(state)),
    location: query.get("location") ?? "",
    sort: sort.replace(/^-/, "") in VALUES ? sort : "state",
  };
}

/** The query string that asks for this; what else was in `search` stays. */
export function searchFor({ q, states, location, sort }, search) {
  const query = new URLSearchParams(search);
  const asked = { q, state: states.join(","), location, sort: sort === "state" ? "" : sort };
  for (const [name, value] of Object.entries(asked)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString().replaceAll("%2C", ",");
  return text && `?${text}`;
}

export const narrows = ({ q, states, location }) => Boolean(q || states.length || location);

/** The entries, each { channel, state, isKnown, isCurrent }, in the order of a column; the unknown stand last either way. */
export function sorted(entries, sort) {
  const value = VALUES[sort.replace(/^-/, "")];
  const sign = sort.startsWith("-") ? -1 : 1;
  const keyed = entries.map((entry) => ({ entry, value: value(entry), place: place(entry.channel) }));
  keyed.sort((a, b) => {
    if ((a.value === null) !== (b.value === null)) return a.value === null ? 1 : -1;
    return sign * compared(a.value, b.value) || compared(a.place, b.place);
  });
  return keyed.map(({ entry }) => entry);
}

/** Those of the entries that are asked for, in the order that they have. */
export function wanted(entries, wish) {
  const terms = folded(wish.q).split(/\s+/).filter(Boolean);
  return entries.filter((entry) => isWanted(entry, terms, wish));
}

function isWanted({ channel, state }, terms, { states, location }) {
  if (states.length && !states.includes(state)) return false;
  if (location && channel.location !== location) return false;
  if (terms.length === 0) return true;
  const text = searched(channel);
  return terms.every((term) => text.includes(term));
}

const texts = new WeakMap();

// Kept with the row, which is another object once anything in it changed.
function searched(channel) {
  if (!texts.has(channel)) {
    const { device_id, name, model, transmitter, location, server, groups, frequency_khz } = channel;
    const slugs = groups.map(([slug]) => slug);
    const parts = [device_id, name, model, transmitter, location, server, ...slugs, frequency(frequency_khz)];
    texts.set(channel, folded(parts.filter(Boolean).join(" ")));
  }
  return texts.get(channel);
}

/** Text as it is compared in a search: in small letters, without accents. */
export function folded(text) {
  return text.normalize("NFD").replaceAll(MARKS, "").toLowerCase();
}

/** A frequency as it stands on a receiver, in MHz; nothing where it is not told. */
export function frequency(khz) {
  return khz == null ? "" : `${Math.floor(khz / 1000)}.${String(khz % 1000).padStart(3, "0")}`;
}

/** How full a battery is, in per cent: as told, else as far as its bars tell. */
export function charge({ battery_level, battery_bars }) {
  return battery_level ?? (battery_bars == null ? null : 20 * battery_bars);
}

const place = ({ receiver_id, channel }) => [natural(receiver_id), channel];
const whenKnown =
  (field) =>
  ({ channel, isKnown }) =>
    isKnown ? (channel[field] ?? null) : null;

// As told, else by our own estimate; null where nobody knows.
function minutesOf({ channel, isKnown, isCurrent }) {
  if (!isKnown) return null;
  return channel.battery_minutes ?? (isCurrent ? estimateMin(channel) : null);
}

const VALUES = {
  state: ({ state }) => WORST_FIRST.indexOf(state),
  name: ({ channel }) => natural(channel.name),
  id: ({ channel }) => place(channel),
  runtime: minutesOf,
  battery: ({ channel, isKnown }) => (isKnown ? charge(channel) : null),
  rf: whenKnown("rf_signal"),
  audio: whenKnown("peak_level"),
  frequency: ({ channel }) => channel.frequency_khz ?? null,
  location: ({ channel }) => channel.location ?? null,
};

function compared(a, b) {
  if (Array.isArray(a)) return compared(a[0], b[0]) || compared(a[1], b[1]);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

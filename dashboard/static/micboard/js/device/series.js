/**
 * Values over time as steps: a value holds until the next point, and null says that from there on there is none. Pure.
 * A series is [instants, values], instants in ms; `since` and `until` are too.
 */

// A value that nobody has heard lately is none. As in dashboard/device/series.py.
const WITHOUT_VALUES = new Set(["stale", "offline", "off"]);
const RANKS = ["critical", "offline", "warning", "stale", "ok", "off"];

/** What a channel's row adds to each series. */
export function valuesOf(row, names) {
  const holds = !WITHOUT_VALUES.has(row.state) && !row.reasons.includes("stale");
  const values = names.map((name) => [name, holds ? (row[name] ?? null) : null]);
  return { ...Object.fromEntries(values), state: RANKS.indexOf(row.state) };
}

export const stateOf = (rank) => RANKS[rank] ?? null;

/** Let these values hold from `at` on, where they are news. */
export function append(series, at, values) {
  for (const [name, value] of Object.entries(values)) {
    series[name] ??= [[], []];
    const [instants, known] = series[name];
    if (known.length > 0 && known.at(-1) === value) continue;
    instants.push(Math.max(at, instants.at(-1) ?? at));
    known.push(value);
  }
}

/** Forget what was before `since`, but for what still held then. */
export function trim(series, since) {
  for (const [instants, values] of Object.values(series)) {
    const first = instants.findLastIndex((at) => at <= since);
    if (first <= 0) continue;
    instants.splice(0, first);
    values.splice(0, first);
  }
}

/** The value that holds at `at`, or null. */
export function valueAt([instants, values], at) {
  let [low, high] = [0, instants.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (instants[middle] <= at) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : values[low - 1];
}

/**
 * The series on one axis, as a plot wants them: [instants in s, values, …]. Each instant of any is one of all, with
 * the value that holds there; the last is `until`.
 */
export function aligned(list, { since, until }) {
  const instants = new Set([since, until]);
  for (const [own] of list) for (const at of own) if (at > since && at < until) instants.add(at);
  const axis = [...instants].sort((a, b) => a - b);
  return [axis.map((at) => at / 1000), ...list.map((series) => held(series, axis))];
}

function held([instants, values], axis) {
  let next = 0;
  let value = null;
  return axis.map((at) => {
    while (next < instants.length && instants[next] <= at) {
      value = values[next];
      next += 1;
    }
    return value;
  });
}

/** The stretches of one value: [from, to, value]. */
export function stretches([instants, values], { since, until }) {
  const found = [];
  for (const [index, at] of instants.entries()) {
    const from = Math.max(at, since);
    const to = Math.min(instants[index + 1] ?? until, until);
    if (to > from) found.push([from, to, values[index]]);
  }
  return found;
}

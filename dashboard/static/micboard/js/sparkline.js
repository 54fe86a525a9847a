/** Half an hour of one channel's RF: a value a minute, the weakest in it, the oldest first. Pure. */

const LEAST_DBM = -100;
const MOST_DBM = -30;
const HEIGHT = 20;

/** The path of a line through what is known; where nothing is known it has a gap. One unit of x is a minute. */
export function path(levels) {
  let out = "";
  let known = false;
  levels.forEach((level, x) => {
    if (level === null) {
      known = false;
      return;
    }
    const part = (Math.min(MOST_DBM, Math.max(LEAST_DBM, level)) - LEAST_DBM) / (MOST_DBM - LEAST_DBM);
    const y = Math.round((1 - part) * HEIGHT * 10) / 10;
    out += known ? `L${x} ${y}` : `M${x} ${y}h.01`; // a minute alone is a dot
    known = true;
  });
  return out;
}

/** The same in words. */
export function told(levels) {
  const known = levels.filter((level) => level !== null);
  if (known.length === 0) return "RF of 30 minutes: not known";
  const [least, most] = [Math.min(...known), Math.max(...known)].map((dbm) =>
    String(dbm).replace("-", "\u2212"),
  );
  return `RF of 30 minutes: ${least} to ${most} dBm`;
}

/** Note the level of this moment in the minute under way. */
export function noted(levels, dbm) {
  const latest = levels.at(-1);
  if (dbm === null || (latest !== null && latest <= dbm)) return levels;
  return [...levels.slice(0, -1), dbm];
}

/** Begin another minute with the level that holds. */
export function advanced(levels, dbm) {
  return [...levels.slice(1), dbm];
}

/** Which tiles stand where: slots, the trouble strip, pages. Pure. `dashboard/order.py` orders the first paint. */

export const WORST_FIRST = ["critical", "offline", "warning", "stale", "ok", "off"];
const TROUBLE = new Set(["critical", "offline", "warning"]);

const MOST_ON_A_PAGE = 24;
const SMALLEST_TILE = { width: 296, height: 190 };
const GAP = 10;
const TILE_ASPECT = 1.45;
// What the trouble strip and a banner take together: kept free even while they are not there, so that trouble
// does not turn a page.
const KEPT_FREE = 160;

const byNumbers = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** The channels of a wall in their order: microphones only, of one group or all, by "slot", "name" or "state". */
export function ordered(channels, { group, sort }, stateOf) {
  const slot = (channel) => channel.groups.find(([slug]) => slug === group)?.[1] ?? 0;
  const inPlace = (a, b) =>
    slot(a) - slot(b) || byNumbers.compare(a.receiver_id, b.receiver_id) || a.channel - b.channel;
  const severity = (channel) => WORST_FIRST.indexOf(stateOf(channel));
  const orders = {
    slot: inPlace,
    name: (a, b) => byNumbers.compare(a.name, b.name) || inPlace(a, b),
    state: (a, b) => severity(a) - severity(b) || inPlace(a, b),
  };
  return [...channels]
    .filter(
      ({ kind, groups }) => kind === "microphone" && (!group || groups.some(([slug]) => slug === group)),
    )
    .sort(orders[sort]);
}

/** How many channels are in each state, worst first. */
export function counts(channels, stateOf) {
  const found = Object.fromEntries(WORST_FIRST.map((state) => [state, 0]));
  for (const channel of channels) found[stateOf(channel)] += 1;
  return found;
}

/** The channels in trouble, worst first, at most `most` of them; `more` is how many are left out. */
export function strip(channels, most, stateOf) {
  const troubled = channels.filter((channel) => TROUBLE.has(stateOf(channel)));
  const severity = (channel) => WORST_FIRST.indexOf(stateOf(channel));
  troubled.sort((a, b) => severity(a) - severity(b));
  const room = troubled.length > most ? most - 1 : most;
  return { first: troubled.slice(0, room), more: Math.max(0, troubled.length - room) };
}

/** How a page of tiles fills the room below the header: `columns` across, at most `perPage` tiles. */
export function arrangement(count, { width, height }) {
  const mostColumns = Math.max(1, Math.floor(width / (SMALLEST_TILE.width + GAP)));
  const space = height - KEPT_FREE;
  const mostRows = Math.max(1, Math.floor(space / (SMALLEST_TILE.height + GAP)));
  const perPage = Math.min(MOST_ON_A_PAGE, mostColumns * mostRows);
  const onPage = Math.min(count, perPage);
  let best = { columns: 1, miss: Number.POSITIVE_INFINITY };
  for (let columns = 1; columns <= mostColumns; columns += 1) {
    const rows = Math.ceil(onPage / columns);
    if (rows > mostRows) continue;
    const aspect = width / columns / (space / Math.max(1, rows));
    const miss = Math.abs(Math.log(aspect / TILE_ASPECT));
    if (miss < best.miss) best = { columns, miss };
  }
  return { columns: best.columns, perPage };
}

export function pages(channels, perPage) {
  const found = [];
  for (let at = 0; at < channels.length; at += perPage) found.push(channels.slice(at, at + perPage));
  return found;
}

/** The page to show after page `current`: those with trouble take their turns before the others. */
export function nextPage(found, current, stateOf) {
  const troubled = (page) => page.some((channel) => TROUBLE.has(stateOf(channel)));
  const numbers = found.map((_, number) => number);
  const turns = [...numbers.filter((n) => troubled(found[n])), ...numbers.filter((n) => !troubled(found[n]))];
  return turns[(turns.indexOf(current) + 1) % turns.length] ?? 0;
}

/** The page with trouble that comes first, or the first page. */
export function firstPage(found, stateOf) {
  return nextPage(found, -1, stateOf);
}

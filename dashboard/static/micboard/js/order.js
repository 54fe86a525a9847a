/** Which tiles stand where: slots, the trouble strip, pages. Pure. `dashboard/order.py` orders the first paint. */

import { isInHand } from "./in_hand.js";

export const WORST_FIRST = ["critical", "offline", "warning", "stale", "ok", "off"];
const TROUBLE = new Set(["critical", "offline", "warning"]);

const MOST_ON_A_PAGE = 24;
// In rem, which grows with the screen.
const SMALLEST_TILE = { width: 18.5, height: 11.875 };
const GAP = 0.625;
// What the trouble strip and a banner take together: kept free even while they are not there, so that trouble
// does not turn a page.
const KEPT_FREE = 10;
const TILE_ASPECT = 1.45;

const LONGEST_NUMBER = 20; // digits of a name that are put in order as a number
const keys = new Map();

// Kept: a wall is put in order at every change, and names seldom change.
export function natural(text) {
  if (!keys.has(text)) {
    const letters = text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
    keys.set(
      text,
      letters.replaceAll(/[0-9]+/g, (digits) => digits.padStart(LONGEST_NUMBER, "0")),
    );
  }
  return keys.get(text);
}

/** SHURE999 before SHURE1000, Éric beside Eric, and numbers before letters; not by the reader's language. */
function byName(a, b) {
  const [before, after] = [natural(a), natural(b)];
  if (before === after) return 0;
  return before < after ? -1 : 1;
}

/** The channels of a wall in their order: microphones only, of one group or all, by "slot", "name" or "state". */
export function ordered(channels, { group, sort }, stateOf) {
  const slot = (channel) => channel.groups.find(([slug]) => slug === group)?.[1] ?? 0;
  const inPlace = (a, b) =>
    slot(a) - slot(b) || byName(a.receiver_id, b.receiver_id) || a.channel - b.channel;
  const byUrgency = inUrgency(stateOf);
  const orders = {
    slot: inPlace,
    name: (a, b) => byName(a.name, b.name) || inPlace(a, b),
    state: (a, b) => byUrgency(a, b) || inPlace(a, b),
  };
  return [...channels]
    .filter(
      ({ kind, groups }) => kind === "microphone" && (!group || groups.some(([slug]) => slug === group)),
    )
    .sort(orders[sort]);
}

/**
 * Puts first who needs a hand: trouble that nobody has taken over, then what is in hand. An open warning comes before a
 * critical one in hand: that has its hand, and its tile keeps its place and colour.
 */
function inUrgency(stateOf) {
  const waits = (channel, state) => (TROUBLE.has(state) ? Number(isInHand(channel, state)) : 2);
  const key = (channel) => {
    const state = stateOf(channel);
    return WORST_FIRST.length * waits(channel, state) + WORST_FIRST.indexOf(state);
  };
  return (a, b) => key(a) - key(b);
}

/** How many channels are in each state, worst first. */
export function counts(channels, stateOf) {
  const found = Object.fromEntries(WORST_FIRST.map((state) => [state, 0]));
  for (const channel of channels) found[stateOf(channel)] += 1;
  return found;
}

/**
 * The channels in trouble, the most urgent first: all where `most` are enough, else the `crowded` that fit beside the word of
 * how many are left out, which is `more`.
 */
export function strip(channels, { most, crowded }, stateOf) {
  const troubled = channels.filter((channel) => TROUBLE.has(stateOf(channel)));
  troubled.sort(inUrgency(stateOf));
  const room = troubled.length > most ? Math.max(1, crowded) : most;
  return { first: troubled.slice(0, room), more: Math.max(0, troubled.length - room) };
}

/**
 * How tiles fill the room below the header, which is given in rem: `columns` by `rows` on every page, so that they
 * are large and few places stay empty. Pages are few, and filled evenly with `perPage` tiles.
 */
export function arrangement(count, { width, height }) {
  const space = height - KEPT_FREE;
  const mostColumns = Math.max(1, Math.floor(width / (SMALLEST_TILE.width + GAP)));
  const mostRows = Math.max(1, Math.floor(space / (SMALLEST_TILE.height + GAP)));
  const pages = Math.max(1, Math.ceil(count / Math.min(MOST_ON_A_PAGE, mostColumns * mostRows)));
  const perPage = Math.max(1, Math.ceil(count / pages));
  let best = { columns: 1, rows: 1, worth: 0 };
  for (let columns = 1; columns <= Math.min(mostColumns, perPage); columns += 1) {
    const rows = Math.ceil(perPage / columns);
    const size = Math.min(width / columns, (TILE_ASPECT * space) / rows);
    const worth = (size * size * perPage) / (columns * rows);
    if (rows <= mostRows && worth > best.worth) best = { columns, rows, worth };
  }
  return { columns: best.columns, rows: best.rows, perPage };
}

export function pages(channels, perPage) {
  const found = [];
  for (let at = 0; at < channels.length; at += perPage) found.push(channels.slice(at, at + perPage));
  return found;
}

/** The page to show after page `current`: those with trouble that nobody has in hand take their turns first. */
export function nextPage(found, current, stateOf) {
  const needsHand = (channel) => TROUBLE.has(stateOf(channel)) && !isInHand(channel, stateOf(channel));
  const troubled = (page) => page.some(needsHand);
  const numbers = found.map((_, number) => number);
  const turns = [...numbers.filter((n) => troubled(found[n])), ...numbers.filter((n) => !troubled(found[n]))];
  return turns[(turns.indexOf(current) + 1) % turns.length] ?? 0;
}

/** The page with trouble that comes first, or the first page. */
export function firstPage(found, stateOf) {
  return nextPage(found, -1, stateOf);
}

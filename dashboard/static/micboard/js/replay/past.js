/** A board that moves through the past. Pure. */

/**
 * Let the board be what the server told of a moment: the whole of it, or what is another than before.
 * Returns the ids that changed.
 */
export function rewound(board, told) {
  const before = board.channels;
  if (told.whole) board.channels = new Map();
  for (const row of told.devices) board.channels.set(row.device_id, row);
  for (const id of told.removed) board.channels.delete(id);
  board.intervals = told.intervals;
  board.alerts = new Map(told.alerts.map((alert) => [alert.id, alert]));
  board.seen = new Map(); // each row says for itself when it was seen
  for (const [id, row] of board.channels) {
    if (wasHeard(row)) board.channels.set(id, { ...row, seen_at: told.timestamp });
  }
  const changed = told.devices.map(({ device_id }) => device_id);
  return new Set([...changed, ...told.removed, ...(told.whole ? before.keys() : [])]);
}

/** When Micboard was not watching, in words; `written` writes an instant (ISO 8601). */
export function awayWords({ from, to }, written) {
  return `from ${written(from)} ${to === null ? "until now" : `to ${written(to)}`}`;
}

// No record tells of a poll that changed nothing; that there was none makes a channel stale, and that is recorded.
function wasHeard({ state, reasons }) {
  return state !== "offline" && !reasons.includes("stale") && !reasons.includes("unread");
}

/** The part of the past that a scrubber shows: `around` ms on each side of `at`, as far as it is kept; 0: all. */
export function shownAround(at, around, [first, last]) {
  if (around === 0) return [first, last];
  const from = Math.max(first, Math.min(at - around, last - 2 * around));
  return [from, Math.min(last, Math.max(at + around, first + 2 * around))];
}

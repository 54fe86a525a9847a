/** The board in memory: what is known of each channel, and which window it is from. Pure. */

import { interval } from "./age.js";

/**
 * `channels` by device_id; `seen` by receiver_id: when it last answered, and its interval at that time.
 * `live` is false while the server says that the poller is silent. Windows up to `replayed` are told again.
 */
export function emptyBoard() {
  return {
    epoch: null,
    seq: 0,
    replayed: 0,
    live: true,
    intervals: {},
    channels: new Map(),
    seen: new Map(),
    alerts: new Map(),
  };
}

/**
 * Apply one frame. Returns the ids of the channels that changed, came or went; null when a window was
 * missed and the client has to resume.
 */
export function apply(board, frame) {
  switch (frame.type) {
    case "initial_data":
      return replaced(board, frame);
    case "batch_update":
      return advanced(board, frame);
    case "heartbeat":
      if (frame.epoch !== board.epoch || frame.prev > board.seq) return null;
      board.live = frame.live;
      noteSeen(board, frame.seen);
      return [];
    case "resumed":
      if (frame.epoch !== board.epoch) return null;
      board.replayed = frame.seq;
      noteSeen(board, frame.seen);
      return [];
    default:
      return [];
  }
}

/** Whether a frame is a window of the past, told again after a reconnect: its timestamp is no news of the time. */
export function isReplay(board, frame) {
  return frame.type === "batch_update" && frame.epoch === board.epoch && frame.seq <= board.replayed;
}

function replaced(board, frame) {
  const before = board.channels.keys();
  board.channels = new Map(frame.devices.map((channel) => [channel.device_id, channel]));
  const changed = new Set([...before, ...board.channels.keys()]);
  board.epoch = frame.epoch;
  board.seq = frame.seq;
  board.replayed = 0;
  board.intervals = frame.intervals;
  board.alerts = new Map(frame.alerts.map((alert) => [alert.id, alert]));
  board.seen = new Map();
  noteSeen(
    board,
    frame.devices.filter(({ seen_at }) => seen_at !== null).map((row) => [row.receiver_id, row.seen_at]),
  );
  return [...changed];
}

function advanced(board, frame) {
  if (frame.epoch !== board.epoch) return null;
  if (frame.seq <= board.seq) return [];
  if (frame.prev !== board.seq) return null;
  const changed = [];
  for (const device_id of frame.removed) {
    if (board.channels.delete(device_id)) changed.push(device_id);
  }
  for (const channel of frame.added) {
    if (channel.rev <= board.channels.get(channel.device_id)?.rev) continue;
    board.channels.set(channel.device_id, channel);
    changed.push(channel.device_id);
  }
  for (const { device_id, rev, changes } of frame.updates) {
    const known = board.channels.get(device_id);
    if (known === undefined || rev <= known.rev) continue;
    board.channels.set(device_id, { ...known, ...changes, rev });
    changed.push(device_id);
  }
  for (const alert of frame.alerts) {
    if (alert.state === "resolved") board.alerts.delete(alert.id);
    else board.alerts.set(alert.id, alert);
  }
  if (frame.intervals) board.intervals = frame.intervals;
  board.seq = frame.seq;
  noteSeen(board, frame.seen);
  return changed;
}

// The interval is noted with the time: a receiver that stops answering is asked more often, and that must
// not make its last answer age faster. Its channels share it, and any of them may be missing from the board.
function noteSeen(board, seen) {
  if (!seen?.length) return;
  const channels = new Map();
  for (const channel of board.channels.values()) {
    if (!channels.has(channel.receiver_id)) channels.set(channel.receiver_id, channel);
  }
  for (const [receiver_id, at] of seen) {
    if (Date.parse(at) < Date.parse(board.seen.get(receiver_id)?.at)) continue;
    const channel = channels.get(receiver_id);
    board.seen.set(receiver_id, { at, interval_s: channel ? interval(channel, board.intervals) : null });
  }
}

/** When this channel's receiver last answered, and the interval that held then. */
export function lastSeen(board, channel) {
  const { at = channel.seen_at, interval_s = null } = board.seen.get(channel.receiver_id) ?? {};
  return { at, interval_s: interval_s ?? interval(channel, board.intervals) };
}

/** The newest answer of any receiver (ISO 8601), or null: when the poller was last known to work. */
export function newestSeen(board) {
  let newest = null;
  for (const { at } of board.seen.values()) {
    if (newest === null || Date.parse(at) > Date.parse(newest)) newest = at;
  }
  return newest;
}

/** What a socket said lately, for people to look at. Pure. */

/** A log that keeps the latest `most` frames; `held` is what is shown while somebody reads. */
export function newLog(most = 200) {
  return { most, entries: [], counts: new Map(), heard: 0, bytes: 0, hidden: new Set(), held: null };
}

/** Note a frame, and return its entry: { number, at, type, what, text, bytes }. */
export function note(log, text, at) {
  const frame = read(text);
  const bytes = new TextEncoder().encode(text).length;
  log.heard += 1;
  log.bytes += bytes;
  const entry = {
    number: log.heard,
    at,
    type: frame?.type ?? "not JSON",
    what: frame === null ? "" : summary(frame),
    text,
    bytes,
  };
  log.counts.set(entry.type, (log.counts.get(entry.type) ?? 0) + 1);
  log.entries.unshift(entry);
  log.entries.length = Math.min(log.entries.length, log.most);
  return entry;
}

/** The entries to show, newest first. */
export function shown(log) {
  return (log.held ?? log.entries).filter(({ type }) => !log.hidden.has(type));
}

/** Keep showing what is there now, or show what came meanwhile. */
export function hold(log, held) {
  log.held = held ? [...log.entries] : null;
}

/** How many frames came while the log was held. */
export function waiting(log) {
  return log.held === null ? 0 : log.heard - (log.held[0]?.number ?? 0);
}

export function show(log, type, wanted) {
  if (wanted) log.hidden.delete(type);
  else log.hidden.add(type);
}

/** Forget every frame; what is hidden and whether it is held stays. */
export function clear(log) {
  log.entries = [];
  log.counts.clear();
  log.heard = 0;
  log.bytes = 0;
  if (log.held !== null) log.held = [];
}

/** One line that says what is in a frame. */
export function summary(frame) {
  switch (frame.type) {
    case "initial_data":
      return parts(at(frame), many(frame.devices, "channel"), some(frame.alerts, "alert"));
    case "batch_update":
      return parts(
        at(frame),
        some(frame.updates, "update"),
        some(frame.added, "added", "added"),
        some(frame.removed, "removed", "removed"),
        some(frame.alerts, "alert"),
        some(frame.seen, "seen", "seen"),
      );
    case "device_update":
      return parts(frame.device_id, frame.name, Object.keys(frame.changes ?? {}).join(", "));
    case "heartbeat":
      return parts(at(frame), frame.live ? "live" : "poller silent", some(frame.seen, "seen", "seen"));
    case "resumed":
      return parts(at(frame), `${frame.replayed} replayed`);
    case "system_alert":
      return parts(frame.state, frame.message);
    case "connection_update":
    case "api_health":
      return parts(frame.server, frame.status);
    case "system_health":
      return parts(frame.status, (frame.silent ?? []).join(", "));
    case "pong":
      return frame.id === undefined ? "" : String(frame.id);
    case "error":
      return parts(frame.code, frame.message);
    default:
      return "";
  }
}

/** The address of a feed; scopes are written with commas or spaces between them. */
export function feedAddress(origin, { feed, mode, scope }) {
  const address = new URL(`/ws/${feed}/`, origin.replace(/^http/, "ws"));
  if (feed === "devices") {
    address.searchParams.set("mode", mode);
    for (const one of scope.split(/\s*,\s*/).filter(Boolean))
      address.searchParams.append("scope", one.trim());
  }
  return address.href;
}

/** The text of a frame as people read it. */
export function spread(text) {
  const frame = read(text);
  return frame === null ? text : JSON.stringify(frame, null, 2);
}

function read(text) {
  try {
    const frame = JSON.parse(text);
    return frame !== null && typeof frame === "object" ? frame : null;
  } catch {
    return null;
  }
}

function at({ seq }) {
  return `seq ${seq}`;
}

function many(list, one, several = `${one}s`) {
  const number = list?.length ?? 0;
  return `${number} ${number === 1 ? one : several}`;
}

function some(list, one, several) {
  return list?.length ? many(list, one, several) : "";
}

function parts(...texts) {
  return texts.filter(Boolean).join(" · ");
}

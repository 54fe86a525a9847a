/** What the server says, and what to do when it hangs up. Pure. */

const KINDS = new Set(["initial_data", "batch_update", "heartbeat", "resumed", "pong", "error"]);

/** The frame in this text, or null for one that is not ours to understand. */
export function parse(text) {
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  return KINDS.has(frame?.type) ? frame : null;
}

const STOPS = {
  4400: "The server does not understand this page. Reload it once; if that does not help, tell your admin.",
  4403: "You may not see this board. Ask your admin for access.",
};

/**
 * What a close code asks of the client: "retry", "backoff" (retry, but not soon), "sign-in", or "stop" with
 * the sentence that says why.
 */
export function afterClose(code) {
  if (code === 4401) return { act: "sign-in", why: "You are no longer signed in: this board has stopped." };
  if (code in STOPS) return { act: "stop", why: STOPS[code] };
  return { act: code === 1013 || code === 4429 ? "backoff" : "retry", why: null };
}

/** The address of the feed by windows, or of the part of it that these scopes name; a page's own may be relative. */
export function feedUrl(url, scopes) {
  const windows = new URL(url, globalThis.location?.href);
  windows.protocol = windows.protocol.replace("http", "ws");
  windows.searchParams.set("mode", "batch");
  for (const scope of scopes) windows.searchParams.append("scope", scope);
  return windows.href;
}

/**
 * The address that asks for what was missed since this board, or for everything when there is none; with the
 * ticket, if any, that opens it once.
 */
export function resumeUrl(url, board, ticket = null) {
  const resumed = new URL(url);
  if (board.epoch !== null) {
    resumed.searchParams.set("since", board.seq);
    resumed.searchParams.set("epoch", board.epoch);
  }
  if (ticket !== null) resumed.searchParams.set("ticket", ticket);
  return resumed.href;
}

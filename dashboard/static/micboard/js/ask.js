/** Asks the server beside the feed. Whoever waited for ever would never say that the server is away. */

const PATIENCE_MS = 8_000;

/** As `fetch`, but rejects after 8 s, and where the answer would come from elsewhere: that is the sign-in. */
export const ask = (address, options) =>
  fetch(address, { redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS), ...options });

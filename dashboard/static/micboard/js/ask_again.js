/** Asks the server again for what no frame tells of, while the page is seen and connected. */

const PATIENCE_MS = 8_000;

/**
 * Have `heard` called with the JSON at `address`, each time that the feed is live again and every `everyMs`.
 * Returns what asks at once.
 */
export function askAgain(address, feed, everyMs, heard) {
  async function ask() {
    if (document.hidden || !feed.connection.open) return;
    try {
      const wait = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(address, { redirect: "error", signal: wait }); // to the sign-in
      if (answer.ok) heard(await answer.json());
    } catch {
      // The banner says already that the server is away.
    }
  }

  feed.on("status", ({ state }) => state === "live" && ask());
  setInterval(ask, everyMs);
  return ask;
}

/** Asks the server again for what no frame tells of, while the page is seen and connected. */

import { ask } from "./ask.js";

/**
 * Have `heard` called with the JSON at `address`, each time that the feed is live again and every `everyMs`.
 * Returns what asks at once.
 */
export function askAgain(address, feed, everyMs, heard) {
  async function again() {
    if (document.hidden || !feed.connection.open) return;
    try {
      const answer = await ask(address);
      if (answer.ok) heard(await answer.json());
    } catch {
      // The banner says already that the server is away.
    }
  }

  feed.on("status", ({ state }) => state === "live" && again());
  setInterval(again, everyMs);
  return again;
}

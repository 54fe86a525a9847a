/** Keeps a page's ends of events true: an admin may move one, and no frame tells of that. */

const ASK_EVERY_MS = 30_000;
const PATIENCE_MS = 8_000;

/** Have `know(places)` called with every location whenever the server has been asked, at `address`. */
export function watchEnds(address, feed, know) {
  async function ask() {
    if (document.hidden || !feed.connection.open) return;
    try {
      const wait = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(address, { redirect: "error", signal: wait });
      if (answer.ok) know(await answer.json());
    } catch {
      // The banner says already that the server is away.
    }
  }

  feed.on("status", ({ state }) => state === "live" && ask());
  setInterval(ask, ASK_EVERY_MS);
}

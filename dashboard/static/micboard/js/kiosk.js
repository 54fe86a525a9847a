/** What an unattended display needs: a screen that stays on, and nobody to reload it. */

import { ask } from "./ask.js";

const RELOADED_FOR = "micboard-build";

/** Keep the screen on, as long as this page is the one that it shows. */
export function stayAwake() {
  const ask = () => {
    // Refused on battery saving or without HTTPS: the wall is no worse for it.
    if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}

/** Load the page anew once the server has another build than it is of; once, whoever else still has the old one. */
export function reloadOnNewBuild(feed) {
  const { build } = document.documentElement.dataset;
  feed.on("status", async ({ state }) => {
    if (state !== "live") return;
    const answer = await ask("/build").catch(() => null);
    if (!answer?.ok) return;
    const present = await answer.text();
    if (present === build || present === sessionStorage.getItem(RELOADED_FOR)) return;
    sessionStorage.setItem(RELOADED_FOR, present);
    location.reload();
  });
}

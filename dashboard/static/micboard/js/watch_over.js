/** What is wrong between a page and the microphones, told in its banners and out loud. */

import { age } from "./age.js";
import { Announcer, Banner, connectionText, pollingText } from "./banner.js";
import { newestSeen } from "./store.js";

/** Tell of this feed from now on. Returns what has to be called each second, because sentences count seconds. */
export function watchOver(feed) {
  const connection = new Banner(document.querySelector("#connection"));
  const polling = new Banner(document.querySelector("#polling"));
  const announcer = new Announcer((text) => {
    document.querySelector("#announcements").textContent = text;
  });

  function tell() {
    const link = feed.connection;
    const lost = connectionText(link, performance.now());
    // Whoever does not hear the server does not know about the poller.
    const stopped =
      lost === null ? pollingText(feed.board.live, age(newestSeen(feed.board), feed.now())) : null;
    connection.say(lost, { retry: link.retryAt !== null, signIn: link.ended?.act === "sign-in" });
    polling.say(stopped);
    announcer.say(lost ?? stopped);
  }

  feed.on("status", tell);
  document.querySelector("#connection .retry").addEventListener("click", () => feed.retry());
  return tell;
}

/** The wall's entry: the snapshot in the page, then the feed from there on; its board goes to the screen. */

import { age } from "./age.js";
import { Announcer, Banner, connectionText, pollingText } from "./banner.js";
import { Display } from "./display.js";
import { stayAwake } from "./kiosk.js";
import { closeLikeAMenu } from "./menu.js";
import { MicboardFeed } from "./micboard.js";
import { newestSeen } from "./store.js";

const feed = new MicboardFeed(document.querySelector(".wall").dataset.socket, {
  snapshot: JSON.parse(document.querySelector("#snapshot").textContent),
  throttle: 100,
});
const display = new Display(feed.board, () => feed.now());
const connection = new Banner(document.querySelector("#connection"));
const polling = new Banner(document.querySelector("#polling"));
const announcer = new Announcer((text) => {
  document.querySelector("#announcements").textContent = text;
});

feed.on("snapshot", ({ ids }) => display.changed(ids));
feed.on("change", ({ changed, added, removed }) => display.changed([...changed, ...added, ...removed]));
feed.on("status", tellConnection);

function tellConnection() {
  const link = feed.connection;
  const lost = connectionText(link, performance.now());
  // Whoever does not hear the server does not know about the poller.
  const stopped =
    lost === null ? pollingText(feed.board.live, age(newestSeen(feed.board), feed.now())) : null;
  connection.say(lost, { retry: link.retryAt !== null, signIn: link.ended?.act === "sign-in" });
  polling.say(stopped);
  announcer.say(lost ?? stopped);
}

document.querySelector("#connection .retry").addEventListener("click", () => feed.retry());
setInterval(() => {
  display.tick();
  tellConnection();
}, 1000);
display.tick();
if (document.documentElement.hasAttribute("data-kiosk")) stayAwake();
else closeLikeAMenu(document.querySelector(".menu"));

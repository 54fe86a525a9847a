/** The wall's entry: the snapshot in the page, then the feed from there on; its board goes to the screen. */

import { listenForAlertKeys } from "./alert_keys.js";
import { askAgain } from "./ask_again.js";
import { Display } from "./display.js";
import { reloadOnNewBuild, stayAwake } from "./kiosk.js";
import { MicboardFeed } from "./micboard.js";
import { watchMutes } from "./muted_note.js";
import { countOpenAlerts } from "./open_alerts.js";
import { soundOf } from "./sound.js";
import { watchOver } from "./watch_over.js";

const ASK_FOR_ENDS_EVERY_MS = 30_000; // an admin may move one, and no frame tells of that

const { socket, ends, until } = document.querySelector(".wall").dataset;
const feed = new MicboardFeed(socket, {
  snapshot: JSON.parse(document.querySelector("#snapshot").textContent),
  throttle: 100,
});
const places = JSON.parse(document.querySelector("#places")?.textContent ?? "{}");
const display = new Display(feed.board, () => feed.now(), { places, until });
const tellConnection = watchOver(feed);
const note = document.querySelector(".muted-note");

feed.on("snapshot", ({ ids }) => display.changed(ids));
feed.on("change", ({ changed, added, removed }) => display.changed([...changed, ...added, ...removed]));
setInterval(() => {
  display.tick();
  tellConnection();
}, 1000);
display.tick();
watchMutes(note, feed);
askAgain(ends, feed, ASK_FOR_ENDS_EVERY_MS, (known) => display.know(known));
countOpenAlerts(feed);
soundOf(feed, null);
if (document.documentElement.hasAttribute("data-kiosk")) {
  stayAwake();
  reloadOnNewBuild(feed);
} else listenForAlertKeys(note.querySelector("a").getAttribute("href").replace("#mutes", ""));

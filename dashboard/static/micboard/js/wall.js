/** The wall's entry: the snapshot in the page, then the socket; frames go to the board, the board to the screen. */

import { age, ServerClock } from "./age.js";
import { Announcer, Banner, connectionText, pollingText } from "./banner.js";
import { Display } from "./display.js";
import { stayAwake } from "./kiosk.js";
import { closeLikeAMenu } from "./menu.js";
import { parse, resumeUrl } from "./protocol.js";
import { ReconnectingWebSocket } from "./reconnecting.js";
import { apply, emptyBoard, isReplay, newestSeen } from "./store.js";
import { UpdateThrottler } from "./throttler.js";

const board = emptyBoard();
const clock = new ServerClock();
const now = () => clock.now(performance.now());

const snapshot = JSON.parse(document.querySelector("#snapshot").textContent);
clock.hear(snapshot.timestamp, performance.now());
apply(board, snapshot);

const display = new Display(board, now);
const throttler = new UpdateThrottler(100, (updates) => display.changed(updates.keys()));
const connection = new Banner(document.querySelector("#connection"));
const polling = new Banner(document.querySelector("#polling"));
const announcer = new Announcer((text) => {
  document.querySelector("#announcements").textContent = text;
});

const wall = document.querySelector(".wall");
const address = new URL(wall.dataset.socket, location.href);
address.protocol = address.protocol === "https:" ? "wss:" : "ws:";

const socket = new ReconnectingWebSocket(address.href, {
  address: () => resumeUrl(address.href, board),
  heard,
  moved: tellConnection,
  wakes: [
    [window, "online"],
    [document, "visibilitychange"],
  ],
});

function heard(text) {
  const frame = parse(text);
  if (frame === null) return;
  if (frame.timestamp && !isReplay(board, frame)) clock.hear(frame.timestamp, performance.now());
  const changed = apply(board, frame);
  if (changed === null) socket.resume();
  else for (const id of changed) throttler.queueUpdate(id, {});
}

function tellConnection(link) {
  const lost = connectionText(link, performance.now());
  // Whoever does not hear the server does not know about the poller.
  const stopped = lost === null ? pollingText(board.live, age(newestSeen(board), now())) : null;
  connection.say(lost, { retry: link.retryAt !== null, signIn: link.ended?.act === "sign-in" });
  polling.say(stopped);
  announcer.say(lost ?? stopped);
}

document.querySelector("#connection .retry").addEventListener("click", () => socket.retry());
setInterval(() => {
  display.tick();
  tellConnection(socket);
}, 1000);
display.tick();
if (document.documentElement.hasAttribute("data-kiosk")) stayAwake();
else closeLikeAMenu(document.querySelector(".menu"));

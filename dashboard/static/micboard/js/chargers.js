/** The chargers' entry: the snapshot in the page, then the feed; every bay has its tile. */

import { bayFace } from "./bay.js";
import { MicboardFeed } from "./micboard.js";
import { natural } from "./order.js";
import { Tiles } from "./tiles.js";
import { watchOver } from "./watch_over.js";

const main = document.querySelector("main");
const feed = new MicboardFeed(main.dataset.socket, {
  snapshot: JSON.parse(document.querySelector("#snapshot").textContent),
  throttle: 100,
});
const tiles = new Tiles(document.querySelector(".tiles"), document.querySelector("#tile-template"));
const tellConnection = watchOver(feed);

function bays() {
  const found = [...feed.channels.values()].filter(({ kind }) => kind === "bay");
  const key = ({ receiver_id, channel }) => `${natural(receiver_id)} ${String(channel).padStart(4, "0")}`;
  return found.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function draw() {
  const found = bays();
  tiles.place(found.map(({ device_id }) => device_id));
  for (const channel of found) {
    tiles.draw(channel.device_id, bayFace(channel, { seen: feed.lastSeen(channel), nowMs: feed.now() }));
  }
  const said = found.length === 1 ? "1 bay" : `${found.length} bays`;
  const total = document.querySelector(".total");
  if (total.textContent.trim() !== said) total.textContent = said;
  document.querySelector(".empty").hidden = found.length > 0;
}

feed.on("snapshot", draw);
feed.on("change", draw);
setInterval(() => {
  draw();
  tellConnection();
}, 1000);
draw();

/** Connect to a feed from the page that describes it, and show what it says. */

import { clear, feedAddress, hold, newLog, note, show, shown, spread, waiting } from "./frame_log.js";

const place = document.querySelector(".try");
const find = (selector) => place.querySelector(selector);
const form = find("form");
const list = find(".frames");
const template = document.querySelector("#frame-template");
const log = newLog();
const items = new WeakMap();
let socket = null;
let drawing = false;
let pings = 0;

function wishes() {
  return Object.fromEntries(new FormData(form));
}

function address() {
  return feedAddress(location.origin, { mode: "batch", scope: "", ...wishes() });
}

/** Show what the form asks for: the address, and the types that this endpoint sends. */
function arrange() {
  const { feed } = wishes();
  const only = feed !== "devices";
  form.elements.mode.disabled = only;
  form.elements.scope.disabled = only;
  find(".address code").textContent = address();
  for (const label of place.querySelectorAll(".types label")) {
    label.hidden = !label.dataset.feeds.split(" ").includes(feed);
  }
}

function tell(state, sentence) {
  const status = find(".state");
  status.dataset.state = state;
  status.textContent = sentence;
  const connected = state === "on" || state === "opening";
  find(".connect").textContent = connected ? "Disconnect" : "Connect";
  find(".ping").disabled = state !== "on";
  for (const name of ["feed", "mode", "scope"]) form.elements[name].disabled = connected;
  if (!connected) arrange();
}

function connect() {
  const opened = new WebSocket(address());
  socket = opened;
  clear(log);
  draw();
  tell("opening", "Connecting …");
  const ours = (act) => (event) => {
    if (opened === socket) act(event);
  };
  opened.addEventListener(
    "open",
    ours(() => tell("on", "Connected")),
  );
  opened.addEventListener(
    "message",
    ours(({ data }) => {
      note(log, data, new Date());
      draw();
    }),
  );
  opened.addEventListener(
    "close",
    ours(({ code }) => {
      socket = null;
      tell("closed", whyClosed(code));
    }),
  );
}

function disconnect() {
  const closing = socket;
  socket = null;
  closing?.close();
  tell("off", "Not connected");
}

function whyClosed(code) {
  const row = document.querySelector(`[data-code="${code}"]`);
  if (row === null) return code === 1006 ? "The connection was lost" : `Closed with ${code}`;
  return `Closed with ${code}: ${row.querySelector(".meaning").textContent}`;
}

function itemOf(entry) {
  if (!items.has(entry)) items.set(entry, newItem(entry));
  return items.get(entry);
}

function newItem({ at, type, what, text, bytes }) {
  const item = template.content.cloneNode(true).firstElementChild;
  const part = (selector) => item.querySelector(selector);
  part("time").dateTime = at.toISOString();
  part("time").textContent = at.toISOString().slice(11, 23);
  part(".type").textContent = type;
  part(".what").textContent = what;
  part(".size").textContent = bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`;
  // A snapshot may be long: it is spread out once somebody looks.
  part("details").addEventListener("toggle", () => {
    part("pre code").textContent = spread(text);
  });
  return item;
}

// Once a picture: a burst of frames costs one arrangement.
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    arrangeFrames();
    tellCounts();
  });
}

/** Put in what is new and take out what is gone; what stays is not moved, so that focus and scroll stay too. */
function arrangeFrames() {
  const wanted = shown(log).map(itemOf);
  const keep = new Set(wanted);
  for (const item of [...list.children]) if (!keep.has(item)) item.remove();
  let next = list.firstElementChild;
  for (const item of wanted) {
    if (item === next) next = next.nextElementSibling;
    else list.insertBefore(item, next);
  }
  list.hidden = wanted.length === 0;
  find(".none").hidden = wanted.length > 0;
}

function tellCounts() {
  const came = waiting(log);
  find(".heard").textContent =
    `${log.heard} frame${log.heard === 1 ? "" : "s"}, ${(log.bytes / 1024).toFixed(1)} KiB` +
    (came ? `, ${came} since held` : "");
  for (const label of place.querySelectorAll(".types label")) {
    const number = log.counts.get(label.querySelector("input").value);
    label.querySelector(".number").textContent = number ?? "";
  }
}

form.addEventListener("input", arrange);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket === null) connect();
  else disconnect();
});
find(".hold").addEventListener("click", ({ currentTarget }) => {
  const held = log.held === null;
  hold(log, held);
  currentTarget.setAttribute("aria-pressed", String(held));
  draw();
});
find(".ping").addEventListener("click", () => {
  pings += 1;
  socket?.send(JSON.stringify({ type: "ping", id: pings }));
});
find(".clear").addEventListener("click", () => {
  clear(log);
  draw();
});
find(".types").addEventListener("change", ({ target }) => {
  show(log, target.value, target.checked);
  draw();
});
arrange();
draw();

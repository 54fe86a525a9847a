/** The keyboard on every page of the board, and the help that says which keys there are. */

import { copyLink } from "./copy_link.js";
import { closeLikeAMenu } from "./menu.js";
import { isTyped, Shortcuts } from "./shortcuts.js";
import { chooseNext } from "./theme_choice.js";
import { toast } from "./toast.js";
import { open, walk } from "./walk.js";

const help = document.querySelector(".help");
const menu = document.querySelector(".menu");
const THEMES = { dark: "Dark theme", light: "Light theme", auto: "Theme as the system's" };

function go(key) {
  const link = document.querySelector(`[data-go="${key}"]`);
  if (link) location.assign(link.href);
}

function search() {
  const field = document.querySelector("[data-search]");
  const list = document.querySelector('[data-go="l"]');
  if (field) field.select();
  else if (list) location.assign(`${list.href}#search`);
}

function explain() {
  if (menu) menu.open = false;
  if (help.open) help.close();
  else help.showModal();
}

function fill() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => toast("No full screen here"));
}

const shortcuts = new Shortcuts({
  "?": explain,
  "/": search,
  j: () => walk(1),
  k: () => walk(-1),
  Enter: open,
  f: fill,
  t: () => toast(THEMES[chooseNext()]),
  "g w": () => go("w"),
  "g l": () => go("l"),
  "g a": () => go("a"),
  "g h": () => go("h"),
});

document.addEventListener("keydown", (event) => {
  if (isTyped(event) || (help.open && event.key !== "?")) return;
  const act = shortcuts.press(event.key, event.timeStamp);
  if (act === null) return;
  if (act !== open) event.preventDefault(); // or "/" would stand in the field that it leads to
  act();
});
if (menu) {
  closeLikeAMenu(menu);
  menu.querySelector(".acts").hidden = false;
  menu.querySelector("[data-help]").addEventListener("click", explain);
  menu.querySelector("[data-copy]").addEventListener("click", copyLink);
}

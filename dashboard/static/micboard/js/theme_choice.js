/** The reader's choice of a theme, which this browser keeps; theme.js applies it. */

const KEY = "micboard-theme"; // as in theme.js
const CHOICES = ["dark", "light", "auto"];

/** Choose the theme after the present one, and return it. An address that asked for one asks no more. */
export function chooseNext() {
  const root = document.documentElement;
  const present = root.dataset.wish || localStorage.getItem(KEY) || "dark";
  const choice = CHOICES[(CHOICES.indexOf(present) + 1) % CHOICES.length];
  localStorage.setItem(KEY, choice);
  if (root.dataset.wish) forget(root);
  dispatchEvent(new Event("storage"));
  return choice;
}

function forget(root) {
  root.dataset.wish = "";
  history.replaceState(history.state, "", without(location.href));
  for (const link of document.querySelectorAll('a[href*="theme="]')) {
    const { pathname, search, hash } = new URL(without(link.href));
    link.setAttribute("href", `${pathname}${search}${hash}`);
  }
}

function without(address) {
  const url = new URL(address);
  url.searchParams.delete("theme");
  return url.href;
}

/** A word on what a key or a button has just done. */

const SHOWN_MS = 2500;
let timer = null;

export function toast(text) {
  const element = document.querySelector(".toast");
  clearTimeout(timer);
  element.textContent = text;
  timer = setTimeout(() => {
    element.textContent = "";
  }, SHOWN_MS);
}

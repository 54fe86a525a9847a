/** The manual's pages: their menu, and their contents folded where there is no room beside the text. */

import { closeLikeAMenu } from "./menu.js";

const narrow = matchMedia("(width < 1100px)");
const contents = document.querySelector(".toc");

function fold() {
  contents.open = !narrow.matches;
}

closeLikeAMenu(document.querySelector(".menu"));
narrow.addEventListener("change", fold);
contents.addEventListener("click", ({ target }) => {
  if (target.closest("a") && narrow.matches) contents.open = false;
});
fold();

/** Let a `<details>` close as menus do: on Esc, which leads back to its button, and on a click elsewhere. */
export function closeLikeAMenu(details) {
  document.addEventListener("click", ({ target }) => {
    if (!details.contains(target)) details.open = false;
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
}

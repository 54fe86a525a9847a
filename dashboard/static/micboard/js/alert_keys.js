/** `a` takes the alert over and `m` mutes what has the focus: in a row of the alerts page, or on a tile of the wall. */

import { isTyped } from "./shortcuts.js";

/** The row about a channel or a receiver, in hand, open or muted. */
export function rowAbout(device) {
  const rows = [...document.querySelectorAll('.alert:not([data-fate="resolved"])')];
  return rows.find(({ dataset }) => device === dataset.device || device.startsWith(`${dataset.device}-`));
}

function inRow(row, key) {
  if (key === "a") {
    row.querySelector(".reason")?.focus();
    return;
  }
  const muting = row.querySelector(".muting");
  if (muting === null) return;
  muting.open = true;
  muting.querySelector("select").focus();
}

/** `page` is the address of the alerts page, where this is another one. */
export function listenForAlertKeys(page = null) {
  // On the window, so that the keys of every page come first: "g a" goes to the alerts.
  window.addEventListener("keydown", (event) => {
    if ((event.key !== "a" && event.key !== "m") || event.defaultPrevented || isTyped(event)) return;
    const place = document.activeElement?.closest("[data-device]");
    const row = page === null ? (place ?? document.querySelector('.alert[data-fate="open"]')) : null;
    if (row) inRow(row, event.key);
    else if (page !== null && place) {
      const device = encodeURIComponent(place.dataset.device);
      const separator = page.includes("?") ? "&" : "?";
      location.assign(
        event.key === "a" ? `${page}#about-${device}` : `${page}${separator}mute=channel:${device}#mute`,
      );
    } else return;
    event.preventDefault(); // or the letter would stand in the field that it leads to
  });
}

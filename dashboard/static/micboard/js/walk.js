/** From one channel to the next by key: over whatever stands in a `data-walk`. */

function places() {
  return [...document.querySelectorAll("[data-walk] > [data-device]")].filter((place) =>
    place.checkVisibility(),
  );
}

/** Give the focus to the one that is `by` further on, and show it; from elsewhere to the first or the last. */
export function walk(by) {
  const found = places();
  const from = found.indexOf(document.activeElement?.closest("[data-walk] > [data-device]"));
  const start = by > 0 ? 0 : found.length - 1;
  const next = found[from < 0 ? start : Math.min(found.length - 1, Math.max(0, from + by))];
  if (next === undefined) return;
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

/** Open the one that has the focus: its page where there is one, else what it has to say. */
export function open() {
  const place = document.activeElement;
  if (!place?.matches("[data-walk] > [data-device]")) return;
  const { page } = place.parentElement.dataset;
  if (page) location.assign(page.replace("DEVICE", encodeURIComponent(place.dataset.device)));
  else place.querySelector("summary")?.click();
}

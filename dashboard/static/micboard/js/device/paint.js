/** The colours of the theme, for what is drawn on a canvas. */

const NAMES = {
  text: "--text",
  soft: "--text-soft",
  line: "--edge",
  page: "--page",
  critical: "--critical-fill",
  warning: "--late",
  offline: "--offline",
  stale: "--stale",
  ok: "--ok",
  off: "--edge",
  focus: "--focus",
};

/** Colours by what they mean, as they are for this element. */
export function colours(element) {
  const style = getComputedStyle(element);
  const found = Object.entries(NAMES).map(([name, property]) => [
    name,
    style.getPropertyValue(property).trim(),
  ]);
  const series = ["--series-1", "--series-2"].map((property) => style.getPropertyValue(property).trim());
  return { ...Object.fromEntries(found), series };
}

/** The DOM of one tile, and of its short form in the strip. Only what changed is touched. */

const drawn = new WeakMap();
const parts = new WeakMap();

/** An element from a server-rendered template. */
export function made(template) {
  return template.content.firstElementChild.cloneNode(true);
}

/** Draw a face on a tile, or on a strip entry, which has some of a tile's parts. */
export function draw(element, face) {
  const before = drawn.get(element) ?? {};
  for (const [field, put] of Object.entries(PUT)) {
    if (before[field] !== face[field]) put(element, face[field]);
  }
  drawn.set(element, face);
}

const PUT = {
  id: (tile, id) => {
    if (tile.matches(".tile")) tile.id = `device-${id}`;
    else tile.setAttribute("href", `#device-${encodeURIComponent(id)}`);
    text(tile, ".id > a", id);
    part(tile, ".id > a")?.setAttribute("href", `/device/${encodeURIComponent(id)}/`);
  },
  name: (tile, name) => {
    text(tile, ".name > bdi", name);
    part(tile, ".name").setAttribute("title", name);
  },
  name_size: (tile, size) => {
    part(tile, ".name").dataset.size = size;
  },
  state: (tile, state) => {
    tile.dataset.state = state;
    part(tile, ".glyph use").setAttribute("href", `#glyph-${state}`);
  },
  freshness: (tile, freshness) => {
    tile.dataset.age = freshness;
  },
  headline: (tile, headline) => text(tile, ".figure", headline),
  headline_size: (tile, size) => {
    part(tile, ".headline").dataset.size = size;
  },
  unit: (tile, unit) => text(tile, ".unit", unit),
  estimate: (tile, estimate) => text(tile, ".estimate", estimate),
  word: (tile, word) => text(tile, ".word", word),
  about: (tile, about) => text(tile, ".about", about),
  outlook: (tile, outlook) => text(tile, ".outlook", outlook),
  short: (tile, short) => tile.toggleAttribute("data-short", short),
  bars: (tile, bars) => {
    const battery = part(tile, ".battery");
    if (battery === null) return;
    battery.dataset.bars = bars ?? "";
    // A page's own script may have set a width here, as the guide's client does; news from the feed outweighs it.
    part(tile, ".battery-bar").style.removeProperty("width");
  },
  quality: (tile, quality) => {
    const icon = part(tile, ".signal-icon");
    if (icon !== null) icon.className = `signal-icon ${quality}`;
  },
  rf: (tile, rf) => text(tile, ".rf", rf),
  age: (tile, age) => text(tile, ".last-update", age),
  notice: (tile, notice) => {
    text(tile, ".notice > summary", notice);
    part(tile, ".notice")?.toggleAttribute("data-said", notice !== "");
  },
  details: (tile, details) => text(tile, ".details", details),
  muted: (tile, muted) => tile.toggleAttribute("data-muted", muted),
  acked: (tile, acked) => tile.toggleAttribute("data-acked", acked),
  acked_by: (tile, by) => text(tile, ".acked > .by", by),
  acked_at: (tile, at) => text(tile, ".acked > .at", at),
  colour: (tile, colour) => {
    if (colour === null) delete tile.dataset.colour;
    else tile.dataset.colour = colour;
  },
  // A strip entry is a link, and called what stands in it.
  label: (tile, label) => {
    if (tile.matches(".tile")) tile.setAttribute("aria-label", label);
  },
};

// Found once: a part stays the same element even when a foreign script gives it other classes.
function part(element, selector) {
  if (!parts.has(element)) parts.set(element, new Map());
  const known = parts.get(element);
  if (!known.has(selector)) known.set(selector, element.querySelector(selector));
  return known.get(selector);
}

function text(element, selector, words) {
  const found = part(element, selector);
  if (found !== null) found.textContent = words;
}

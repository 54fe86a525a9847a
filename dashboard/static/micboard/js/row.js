/** The DOM of one line of the list. Only the cells whose text changed are touched. */

const drawn = new WeakMap();

export function drawRow(row, line) {
  const before = drawn.get(row) ?? {};
  for (const [field, value] of Object.entries(line)) {
    if (before[field] !== value) (PUT[field] ?? put(field))(row, value);
  }
  drawn.set(row, line);
}

// The server has drawn the same: what a cell says already is left alone.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const put = (field) => (row, text) => write(row.querySelector(`:scope > .${field}`), text);

const PUT = {
  id: (row, id) => {
    put("id")(row, id);
    const { page } = row.parentElement.dataset;
    const link = row.querySelector(".name > a");
    if (page && link) link.setAttribute("href", page.replace("DEVICE", encodeURIComponent(id)));
  },
  name: (row, name) => write(row.querySelector(".name bdi"), name),
  state: (row, state) => {
    row.dataset.is = state;
    row.querySelector(".chip").dataset.state = state;
    row.querySelector(".glyph use").setAttribute("href", `#glyph-${state}`);
  },
  word: (row, word) => write(row.querySelector(".word"), word),
  freshness: (row, freshness) => {
    row.dataset.age = freshness;
  },
  bars: (row, bars) => {
    row.querySelector(".battery").dataset.bars = bars ?? "";
  },
  battery: (row, text) => write(row.querySelector(".level"), text),
  acked: (row, acked) => row.querySelector(".chip").toggleAttribute("data-acked", acked),
  muted: (row, muted) => row.toggleAttribute("data-muted", muted),
};

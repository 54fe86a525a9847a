/** The rows of the alerts page, brought up to a newer page without touching those that are as they were. */

const kept = (row) => [...row.querySelectorAll("[data-keep]")];
const typed = (row) => [...row.querySelectorAll("input:not([type=hidden]), select")];

/** Bring what was opened and typed in a row over to the one that takes its place. */
function carry(before, row) {
  for (const details of kept(before)) {
    const same = kept(row).find(({ dataset }) => dataset.keep === details.dataset.keep);
    if (same) same.open = details.open;
  }
  typed(before).forEach((field, at) => {
    const same = typed(row)[at];
    if (same?.name !== field.name) return;
    same.value = field.value || same.value;
    if (field === document.activeElement) same.focus();
  });
}

/** Make these rows those of the newer list. */
function update(list, newer) {
  const before = new Map([...list.children].map((row) => [row.id, row]));
  const wanted = [...newer.children].map((row) => {
    const known = before.get(row.id);
    return known?.dataset.version === row.dataset.version ? known : document.adoptNode(row);
  });
  const stay = new Set(wanted);
  wanted.forEach((row, at) => {
    const there = list.children[at] ?? null;
    if (there !== row) list.insertBefore(row, there);
    const known = before.get(row.id);
    if (known !== undefined && known !== row) {
      carry(known, row);
      known.remove();
    }
  });
  for (const row of before.values()) if (!stay.has(row)) row.remove();
}

/** Bring the page up to a newer one of itself. What it said is left alone unless this is an answer. */
export function renew(page, { isAnswer = false } = {}) {
  const focused = document.activeElement?.closest(".alert")?.dataset.device;
  for (const list of document.querySelectorAll("[data-rows]")) {
    update(list, page.querySelector(`#${list.parentElement.id} [data-rows]`));
  }
  for (const part of document.querySelectorAll("[data-live]")) {
    const newer = page.querySelector(`[data-live="${part.dataset.live}"]`);
    const isSaid = part.dataset.live === "said";
    if (isSaid ? isAnswer : words(part) !== words(newer)) part.replaceChildren(...newer.childNodes);
  }
  document.title = page.title;
  return focused;
}

// Not the markup: forms differ each time, by their tokens.
const words = (part) => part.textContent.replace(/\s+/g, " ");

/** Which keys mean what, one after the other where there are two. Pure. */

const SECOND_WITHIN_MS = 1500;

export class Shortcuts {
  #first = null;

  /** `acts` by key, such as "?", or by two, such as "g w". */
  constructor(acts) {
    this.acts = acts;
  }

  /** The act that this key completes, or null. `atMs` is when it was pressed. */
  press(key, atMs) {
    const first = this.#first;
    this.#first = null;
    if (first !== null && atMs - first.atMs <= SECOND_WITHIN_MS) {
      const act = this.acts[`${first.key} ${key}`];
      if (act) return act;
    }
    if (this.acts[key]) return this.acts[key];
    if (Object.keys(this.acts).some((keys) => keys.startsWith(`${key} `))) this.#first = { key, atMs };
    return null;
  }
}

/** Whether a key that is pressed here is for what has the focus, not for the page. */
export function isTyped({ target, ctrlKey, metaKey, altKey }) {
  return (
    ctrlKey || metaKey || altKey || target.closest("input, select, textarea, [contenteditable]") !== null
  );
}

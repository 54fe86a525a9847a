/** A row of elements, one a channel, kept in order with as few moves as possible. */

import { draw as drawTile, made } from "./tile.js";

export class Tiles {
  #elements = new Map();

  /** `container` may already hold elements that the server rendered, each with `data-device`. */
  constructor(container, template, draw = drawTile) {
    this.container = container;
    this.template = template;
    this.drawn = draw;
    for (const element of container.querySelectorAll(":scope > [data-device]")) {
      this.#elements.set(element.dataset.device, element);
    }
  }

  /** Let exactly these ids stand here, in this order; those that `isShown` denies are there but hidden. */
  place(ids, isShown = () => true) {
    const wanted = new Set(ids);
    for (const [id, element] of this.#elements) {
      if (wanted.has(id)) continue;
      element.remove();
      this.#elements.delete(id);
    }
    let next = this.container.firstElementChild;
    for (const id of ids) {
      const element = this.#element(id);
      if (element === document.activeElement) {
        this.#makeWay(next, element);
        next = element;
      }
      if (element === next) next = next.nextElementSibling;
      else this.container.insertBefore(element, next);
    }
    this.show(isShown);
  }

  /** Hide those that `isShown` denies, and nobody else. */
  show(isShown) {
    for (const [id, element] of this.#elements) {
      const hidden = !isShown(id);
      if (element.hidden !== hidden) element.hidden = hidden;
    }
  }

  /** Mark this element, and no other, as the one that somebody asked for, and bring it into view. */
  point(id) {
    const wanted = this.#elements.get(id);
    for (const each of this.#elements.values()) each.toggleAttribute("data-pointed", each === wanted);
    wanted.scrollIntoView({ block: "nearest" });
  }

  draw(id, face) {
    const element = this.#elements.get(id);
    if (element !== undefined) this.drawn(element, face);
  }

  // What stands before it goes to the end, from where each is fetched in its turn: an element that is moved loses
  // the focus.
  #makeWay(next, element) {
    let passing = next;
    while (passing !== element) {
      const following = passing.nextElementSibling;
      this.container.append(passing);
      passing = following;
    }
  }

  #element(id) {
    if (!this.#elements.has(id)) {
      const element = made(this.template);
      element.dataset.device = id;
      this.#elements.set(id, element);
    }
    return this.#elements.get(id);
  }
}

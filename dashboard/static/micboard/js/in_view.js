/** Which elements are on the screen or near it: only those are worth drawing each second. */
export class InView {
  #seen = new Set();
  #watched = new WeakSet();
  #observer;

  /** `appeared(elements)` is told who has come into view. */
  constructor(appeared) {
    this.#observer = new IntersectionObserver(
      (entries) => {
        const come = [];
        for (const { target, isIntersecting } of entries) {
          if (isIntersecting) {
            this.#seen.add(target);
            come.push(target);
          } else this.#seen.delete(target);
        }
        if (come.length) appeared(come);
      },
      { rootMargin: "200px 0px" },
    );
  }

  watch(element) {
    if (this.#watched.has(element)) return;
    this.#watched.add(element);
    this.#observer.observe(element);
  }

  has(element) {
    return this.#seen.has(element);
  }

  get elements() {
    return [...this.#seen];
  }
}

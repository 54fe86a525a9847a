/** Lets time pass, so many times as fast, as long as somebody wants it to. */

const STEP_MS = 250;

export class Player {
  speed = 10;
  #button = document.querySelector(".replay .play");
  #playing = false;
  #before = 0;

  /** `pass(ms)` lets so much of the past pass, and returns whether there is more of it, once it is shown. */
  constructor(pass) {
    this.pass = pass;
    this.#button.addEventListener("click", () => (this.#playing ? this.pause() : this.#play()));
  }

  pause() {
    this.#playing = false;
    this.#told();
  }

  async #play() {
    this.#playing = true;
    this.#told();
    this.#before = performance.now();
    while (this.#playing) {
      await new Promise((done) => setTimeout(done, STEP_MS));
      if (!this.#playing) return;
      const nowMs = performance.now();
      const more = await this.pass((nowMs - this.#before) * this.speed);
      this.#before = nowMs;
      if (!more) this.pause();
    }
  }

  #told() {
    this.#button.textContent = this.#playing ? "Pause" : "Play";
    this.#button.setAttribute("aria-pressed", String(this.#playing));
  }
}

/** The states of a range as one ribbon: each has a height and a pattern beside its colour, and its word if it fits. */

import { STATE_WORDS } from "../face.js";
import { within, write } from "./absences.js";
import { hatch } from "./hatch.js";
import { colours } from "./paint.js";
import { LEFT_PX, RIGHT_PX } from "./plot.js";
import { stateOf, stretches } from "./series.js";

const SHARES = { critical: 1, offline: 1, warning: 0.8, stale: 0.55, ok: 0.3, off: 0.3 };
const WORD_PX = 8;
// What is behind a word on a fill of its own.
const ON = { critical: "--on-critical", warning: "--on-warning" };

export class Ribbon {
  #canvas;
  #past = null;

  constructor(figure) {
    this.#canvas = figure.querySelector("canvas");
    new ResizeObserver(() => this.draw()).observe(this.#canvas);
  }

  show(past) {
    this.#past = past;
    this.draw();
  }

  draw() {
    if (this.#past === null) return;
    const ratio = devicePixelRatio;
    const { clientWidth, clientHeight } = this.#canvas;
    this.#canvas.width = clientWidth * ratio;
    this.#canvas.height = clientHeight * ratio;
    const ctx = this.#canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    const { since, until, series, absences } = this.#past;
    const perMs = (clientWidth - LEFT_PX - RIGHT_PX) / (until - since);
    const style = getComputedStyle(this.#canvas);
    const ink = { ...colours(this.#canvas), warning: style.getPropertyValue("--warning-fill").trim() };
    ctx.font = `700 ${Math.min(14, clientHeight * 0.5)}px system-ui`;
    ctx.textBaseline = "middle";
    for (const [from, to, rank] of stretches(series.state, { since, until })) {
      const state = stateOf(rank);
      if (state === null) continue;
      const x = LEFT_PX + (from - since) * perMs;
      const width = Math.max(1, (to - from) * perMs);
      const height = clientHeight * SHARES[state];
      const y = clientHeight - height;
      this.#fill(ctx, state, { x, y, width, height }, ink);
      const word = STATE_WORDS[state].toUpperCase();
      if (height < clientHeight * 0.5 || ctx.measureText(word).width + 2 * WORD_PX > width) continue;
      ctx.fillStyle = ON[state] ? style.getPropertyValue(ON[state]).trim() : ink.text;
      ctx.fillText(word, x + WORD_PX, y + height / 2 + 1);
    }
    for (const [from, to] of within(absences, { since, until })) {
      const x = LEFT_PX + (from - since) * perMs;
      this.#absent(ctx, { x, width: Math.max(2, (to - from) * perMs), height: clientHeight }, ink);
    }
  }

  #absent(ctx, { x, width, height }, ink) {
    ctx.strokeStyle = ink.soft;
    hatch(ctx, { x, y: 0, width, height }, 6);
    write(ctx, { x, y: 0, width, height }, ink, 1);
  }

  #fill(ctx, state, { x, y, width, height }, ink) {
    if (state === "off" || state === "stale") {
      ctx.strokeStyle = ink[state];
      ctx.setLineDash(state === "stale" ? [4, 3] : []);
      ctx.strokeRect(x + 0.5, y + 0.5, Math.max(0, width - 1), height - 1);
      ctx.setLineDash([]);
      return;
    }
    ctx.globalAlpha = state === "offline" ? 0.35 : 1;
    ctx.fillStyle = ink[state];
    ctx.fillRect(x, y, width, height);
    ctx.globalAlpha = 1;
    if (state !== "offline") return;
    ctx.strokeStyle = ink.offline;
    ctx.lineWidth = 2;
    hatch(ctx, { x, y, width, height }, 9);
    ctx.lineWidth = 1;
  }
}

/** One plot: steps over time with gaps where there was no value, bands where one means trouble, and marks. */

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { drawAbsences } from "./absences.js";
import { limitsOf, SCALES, timeLabels } from "./axes.js";
import { drawBands } from "./bands.js";
import { drawMarks } from "./marks.js";
import { colours } from "./paint.js";
import { aligned } from "./series.js";

export const LEFT_PX = 64;
export const RIGHT_PX = 12;

const steps = uPlot.paths.stepped({ align: 1, alignGaps: 1 });
const synced = uPlot.sync("device");

export class Plot {
  #figure;
  #drawing;
  #uplot = null;
  #names = [];
  #past;

  /** `pointed(ms)` is told which instant the crosshair of all plots is at, null: none. */
  constructor(figure, { isLast, pointed }) {
    this.#figure = figure;
    this.#drawing = figure.querySelector(".drawing");
    this.isLast = isLast;
    this.pointed = pointed;
    new ResizeObserver(() => this.#uplot?.setSize(this.#size())).observe(this.#drawing);
  }

  /** Show this part of the past; the series that it draws may be others than before. */
  show(past) {
    this.#past = past;
    const names = past.drawn[this.#figure.dataset.plot];
    if (this.#uplot === null || names.join() !== this.#names.join()) this.#make(names);
    this.#figure.querySelector(".none").hidden = names.length > 0;
    const data = aligned(
      names.map((name) => past.series[name]),
      past,
    );
    this.#uplot.batch(() => {
      this.#uplot.setData(data, false);
      this.#uplot.setScale("x", { min: past.since / 1000, max: past.until / 1000 });
    });
  }

  /** Draw anew in other colours. */
  repaint() {
    if (this.#uplot === null) return;
    this.#make(this.#names);
    this.show(this.#past);
  }

  #make(names) {
    this.#names = names;
    this.#uplot?.destroy();
    const ink = colours(this.#figure);
    const axis = {
      stroke: ink.soft,
      grid: { stroke: ink.line, width: 1 },
      ticks: { stroke: ink.line, width: 1 },
    };
    const font = `${Math.round(Number.parseFloat(getComputedStyle(this.#figure).fontSize) * 0.875)}px system-ui`;
    this.#uplot = new uPlot(
      {
        ...this.#size(),
        padding: [8, RIGHT_PX, this.isLast ? 0 : 8, 0],
        legend: { show: false },
        select: { show: false },
        cursor: { sync: { key: synced.key, setSeries: false }, drag: { x: false, y: false }, y: false },
        scales: {
          x: { time: true },
          y: { range: (_, least, greatest) => limitsOf(names, least, greatest) },
        },
        axes: [
          {
            ...axis,
            font,
            space: 90,
            size: this.isLast ? 34 : 0,
            values: (_u, instants, _axis, _space, step) =>
              this.isLast ? timeLabels(instants, step) : instants.map(() => ""),
          },
          {
            ...axis,
            font,
            size: LEFT_PX,
            space: 32,
            incrs:
              SCALES[names[0]]?.step === 60 ? [30, 60, 120, 180, 240, 360, 720, 1440] : [1, 2, 5, 10, 20, 50],
            values: (_u, values) => values.map((value) => SCALES[names[0]]?.say(value) ?? ""),
          },
        ],
        series: [{}, ...names.map((_, index) => this.#stroke(ink.series[index], index))],
        hooks: {
          drawClear: [(u) => drawBands(u, this.#past.bands[names[0]] ?? [], ink)],
          draw: [(u) => drawAbsences(u, this.#past, ink), (u) => drawMarks(u, this.#past.marks, ink)],
          setCursor: [(u) => this.pointed(u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") * 1000 : null)],
        },
      },
      [[], ...names.map(() => [])],
      this.#drawing,
    );
  }

  // Told apart without colour too: the second is thinner. Dashes would be lost in steps that are close together.
  #stroke(stroke, index) {
    return { stroke, width: index === 0 ? 2.5 : 1.25, paths: steps, points: { show: false } };
  }

  #size() {
    return { width: this.#drawing.clientWidth, height: this.#drawing.clientHeight };
  }
}

/** What the crosshair is at, in words above the plots; without one, what is now. */

import { span } from "../format.js";
import { AWAY, absenceAt } from "./absences.js";
import { instantLabel, SCALES } from "./axes.js";
import { nearest } from "./marks.js";
import { valueAt } from "./series.js";

const NEAR_SHARE = 1 / 150; // of the range: a few pixels

export class Readout {
  #at = document.querySelector(".readout .at");
  #happened = document.querySelector(".readout .happened");
  #legends = new Map(
    [...document.querySelectorAll(".plot")].map((plot) => [plot.dataset.plot, plot.querySelector(".legend")]),
  );

  /** Say what holds at this instant (ms); null: now. */
  say(past, at) {
    const instant = at ?? past.until;
    put(this.#at, at === null ? "Now" : instantLabel(instant, past.until));
    const ago = at === null ? "" : `${span((past.until - instant) / 1000)} ago`;
    const mark = at === null ? null : nearest(past.marks, at, (past.until - past.since) * NEAR_SHARE);
    const away = at !== null && absenceAt(past.absences, at) !== null;
    put(this.#happened, away ? `${AWAY}, no value is known` : (mark?.text ?? ago));
    for (const [plot, legend] of this.#legends) this.#legend(legend, past, past.drawn[plot], instant);
  }

  #legend(legend, past, names, instant) {
    const wanted = names.map((name) => {
      const { label, unit, say } = SCALES[name];
      const value = valueAt(past.series[name], instant);
      const figure =
        value === null ? "—" : `${say(value)} ${unit === "h:mm" || unit === "bars" ? "" : unit}`.trim();
      return [label, figure];
    });
    while (legend.children.length > wanted.length) legend.lastChild.remove();
    for (const [index, [label, figure]] of wanted.entries()) {
      const entry = legend.children[index] ?? legend.appendChild(document.createElement("span"));
      entry.dataset.series = String(index + 1);
      put(entry, `${label} ${figure}`);
    }
  }
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

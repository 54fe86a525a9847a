/** Times that the server wrote in UTC, put into the reader's own zone. */

import { moment } from "../format.js";

const seconds = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", hourCycle: "h23" });
const dated = new Intl.DateTimeFormat("en-GB", { dateStyle: "short", timeStyle: "medium", hourCycle: "h23" });

/** Rewrite every `<time>` in this element. */
export function localise(element, nowMs) {
  for (const time of element.querySelectorAll("time[datetime]")) {
    const at = Date.parse(time.dateTime);
    const isToday = new Date(at).toDateString() === new Date(nowMs).toDateString();
    const written =
      time.dataset.with === "seconds" ? (isToday ? seconds : dated).format(at) : moment(time.dateTime, nowMs);
    if (time.textContent !== written) time.textContent = written;
  }
}

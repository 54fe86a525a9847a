/** When nobody polled: a hatched band over a plot, with the words where they fit. */

import { hatch } from "./hatch.js";

export const AWAY = "Micboard was away";
const AWAY_IN_TWO = ["Micboard", "was away"];
const LINE_PX = 18;
const APART_PX = 8;
const LEAST_PX = 3;
const MARGIN_PX = 8;

/** The absences of a range, each from `since` to `until` (ms), null: it goes on; as much as is in it. */
export function within(absences, range) {
  return absences
    .map(({ since, until }) => [Math.max(since, range.since), Math.min(until ?? range.until, range.until)])
    .filter(([from, to]) => from < to);
}

/** The absence that an instant is in, or null. */
export function absenceAt(absences, at) {
  return absences.find(({ since, until }) => since < at && at < (until ?? Number.POSITIVE_INFINITY)) ?? null;
}

/** Draw the absences of a past over a plot. */
export function drawAbsences(u, past, ink) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ink.soft;
  ctx.lineWidth = ratio;
  for (const [from, to] of within(past.absences, past)) {
    const x = u.valToPos(from / 1000, "x", true);
    const width = Math.max(LEAST_PX * ratio, u.valToPos(to / 1000, "x", true) - x);
    const box = { x, y: bbox.top, width, height: bbox.height };
    ctx.fillStyle = ink.page;
    ctx.fillRect(box.x, box.y, box.width, box.height);
    ctx.globalAlpha = 0.55;
    hatch(ctx, box, APART_PX * ratio);
    ctx.globalAlpha = 1;
    write(ctx, box, ink, ratio);
  }
  ctx.restore();
}

/** Write the words into a box: in one line or two, level or upright, whichever fits first, or not at all. */
export function write(ctx, { x, y, width, height }, ink, ratio) {
  ctx.save();
  ctx.font = `700 ${14 * ratio}px system-ui`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const sized = [[AWAY], AWAY_IN_TWO].map((lines) => ({
    lines,
    long: Math.max(...lines.map((line) => ctx.measureText(line).width)) + 2 * MARGIN_PX * ratio,
    thick: (lines.length * LINE_PX + 2) * ratio,
  }));
  const level = sized.find(({ long, thick }) => long <= width && thick <= height);
  const fitting = level ?? sized.find(({ long, thick }) => long <= height && thick <= width);
  if (fitting) {
    const { lines, long, thick } = fitting;
    ctx.translate(x + width / 2, y + height / 2);
    if (!level) ctx.rotate(-Math.PI / 2);
    ctx.fillStyle = ink.page;
    ctx.fillRect(-long / 2, -thick / 2, long, thick);
    ctx.fillStyle = ink.text;
    for (const [index, line] of lines.entries()) {
      ctx.fillText(line, 0, (index - (lines.length - 1) / 2) * LINE_PX * ratio + ratio);
    }
  }
  ctx.restore();
}

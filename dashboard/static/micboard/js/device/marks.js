/** Draws what happened over a plot: a line through it, and a sign at its top where there is room. */

const SIGNS = {
  on: "▲",
  off: "▽",
  retune: "⇄",
  alert: "!",
  acknowledged: "✓",
  resolved: "○",
};
const APART_PX = 16;

/** The marks of a range, each with `at` (ms), `kind` and `text`. */
export function drawMarks(u, marks, ink) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `700 ${13 * ratio}px system-ui`;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  let signedAt = Number.NEGATIVE_INFINITY;
  for (const { at, kind } of [...marks].sort((a, b) => a.at - b.at)) {
    const x = u.valToPos(at / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const colour = kind === "alert" ? ink.offline : kind === "acknowledged" ? ink.focus : ink.soft;
    ctx.strokeStyle = colour;
    ctx.globalAlpha = kind === "alert" ? 0.9 : 0.5;
    ctx.lineWidth = ratio;
    ctx.setLineDash(kind === "alert" ? [] : [3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (x - signedAt < APART_PX * ratio) continue;
    signedAt = x;
    ctx.globalAlpha = 1;
    ctx.fillStyle = ink.page;
    ctx.fillRect(x - 8 * ratio, bbox.top, 16 * ratio, 16 * ratio);
    ctx.fillStyle = colour;
    ctx.fillText(SIGNS[kind] ?? "•", x, bbox.top + ratio);
  }
  ctx.restore();
}

/** The mark that is nearest to an instant and not farther from it than `within` (ms), or null. */
export function nearest(marks, at, within) {
  let found = null;
  for (const mark of marks) {
    const distance = Math.abs(mark.at - at);
    if (distance <= within && (found === null || distance < Math.abs(found.at - at))) found = mark;
  }
  return found;
}

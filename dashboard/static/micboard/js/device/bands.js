/** Draws behind a plot which of its values mean trouble, and says so at their edge. */

// Of the colour: enough to be seen in the dark, little enough to see the line on it.
const SHARES = { critical: 0.32, warning: 0.16 };

/** `bands` hold a state and the values from `least` to `greatest` that mean it; null: without end. */
export function drawBands(u, bands, ink) {
  const { ctx, bbox } = u;
  const scale = u.scales.y;
  ctx.save();
  for (const { state, least, greatest } of bands) {
    const low = Math.max(least ?? scale.min, scale.min);
    const high = Math.min(greatest ?? scale.max, scale.max);
    if (high <= low) continue;
    const [top, bottom] = [u.valToPos(high, "y", true), u.valToPos(low, "y", true)];
    ctx.globalAlpha = SHARES[state];
    ctx.fillStyle = ink[state];
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    ctx.globalAlpha = 0.9;
    ctx.strokeStyle = ink[state];
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
    // The edge that leads into trouble: the one towards what is well.
    const edge = greatest === null ? bottom : top;
    ctx.beginPath();
    ctx.moveTo(bbox.left, edge);
    ctx.lineTo(bbox.left + bbox.width, edge);
    ctx.stroke();
  }
  ctx.restore();
}

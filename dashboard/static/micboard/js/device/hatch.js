/** Hatching, for what is known to be unknown or lost. */

/** Hatch a rectangle with lines `apart` from each other, in the present stroke. */
export function hatch(ctx, { x, y, width, height }, apart) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.setLineDash([]);
  ctx.beginPath();
  for (let at = x - height; at < x + width; at += apart) {
    ctx.moveTo(at, y + height);
    ctx.lineTo(at + height, y);
  }
  ctx.stroke();
  ctx.restore();
}

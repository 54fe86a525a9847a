/** How the axes of the plots are written: times of day in the reader's zone, and values in their units. Pure. */

import { runtime } from "../format.js";

const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", hourCycle: "h23" });
const seconds = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric" });
const DAY_S = 86_400;

/** Labels for these instants (s), which are `step` s apart: a day's name where one begins. */
export function timeLabels(instants, step) {
  return instants.map((at) => {
    const label = (step < 60 ? seconds : time).format(at * 1000);
    return step >= DAY_S || label === "00:00" ? day.format(at * 1000) : label;
  });
}

/** An instant (ms) as the readout says it: with the date where that is not today. */
export function instantLabel(at, nowMs) {
  const label = seconds.format(at);
  return day.format(at) === day.format(nowMs) ? label : `${day.format(at)} ${label}`;
}

/** Of each series: what it is called, its unit, the range that is always shown, and how a value is written. */
export const SCALES = {
  battery_minutes: { label: "Runtime", unit: "h:mm", range: [0, 120], say: runtime, step: 60 },
  battery_level: { label: "Battery", unit: "%", range: [0, 100], say: signed },
  battery_bars: { label: "Battery", unit: "bars", range: [0, 5], say: (bars) => `${bars}/5`, step: 1 },
  rf_signal_a: { label: "A", unit: "dBm", range: [-105, -20], say: signed },
  rf_signal_b: { label: "B", unit: "dBm", range: [-105, -20], say: signed },
  rf_signal: { label: "RF", unit: "dBm", range: [-105, -20], say: signed },
  audio_level: { label: "Level", unit: "dBFS", range: [-60, 0], say: signed },
  peak_level: { label: "Peak", unit: "dBFS", range: [-60, 0], say: signed },
};

/** The least and the greatest that a plot of these names shows, so that all values lie in it. */
export function limitsOf(names, least, greatest) {
  const [low, high] = SCALES[names[0]]?.range ?? [0, 1];
  const step = SCALES[names[0]]?.step === 60 ? 60 : 1;
  const top = Math.max(high, greatest ?? high);
  return [Math.min(low, least ?? low), Math.ceil(top / step) * step];
}

function signed(value) {
  return `${value < 0 ? "\u2212" : ""}${Math.abs(value)}`;
}

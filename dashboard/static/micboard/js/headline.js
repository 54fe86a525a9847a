/** The one thing that a tile says in large type: the worst reason, else how long the battery lasts. Pure. */

import { isOld } from "./age.js";
import { level, runtime, UNKNOWN } from "./format.js";
import { TROUBLES, words } from "./reasons.js";

/** `{ text, unit }`; a value that is old is doubted with "?", one that has lapsed is not shown. */
export function headlineOf(channel, state, fresh) {
  const headline = undoubted(channel, state);
  if (state === "offline" || !isOld(fresh) || headline.text === UNKNOWN) return headline;
  return fresh === "lapsed" ? { text: UNKNOWN, unit: "" } : { ...headline, text: `${headline.text}?` };
}

function undoubted(channel, state) {
  if (state === "offline") return { text: "NO RECEIVER", unit: "" };
  if (state === "critical" || state === "warning") {
    const trouble = TROUBLES[channel.reasons[0]];
    if (trouble === undefined) return { text: words(channel.reasons[0] ?? state).toUpperCase(), unit: "" };
    if (trouble.says !== null) return { text: trouble.says, unit: "" };
    return battery(channel, "left") ?? { text: "BATTERY", unit: "" };
  }
  if (state === "off" || channel.transmitter_on === false) return { text: "TX OFF", unit: "" };
  return battery(channel, "") ?? { text: UNKNOWN, unit: "" };
}

/** The best that is known of a battery: runtime, else bars, else percent; null when nothing is. */
export function battery({ battery_minutes, battery_bars, battery_level }, unit) {
  if (battery_minutes != null) return { text: runtime(battery_minutes), unit };
  if (battery_bars != null) return { text: `${battery_bars}/5`, unit: "bars" };
  return battery_level == null ? null : { text: level(battery_level, "%"), unit };
}

/** The same where there is little room: bars first. */
export function batteryInBrief({ battery_bars, battery_minutes, battery_level }) {
  if (battery_bars != null) return `${battery_bars}/5`;
  return battery({ battery_minutes, battery_level }, "")?.text ?? "";
}

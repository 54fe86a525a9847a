/** The one thing that a tile says in large type: the worst reason, else how long the battery lasts. Pure. */

import { isOld } from "./age.js";
import { level, runtime, UNKNOWN } from "./format.js";
import { TROUBLES, words } from "./reasons.js";

/** `{ text, unit }`. An old word is doubted with "?", an old figure too, until it lapses and is not shown. */
export function headlineOf(channel, state, fresh) {
  const doubt = isOld(fresh) && state !== "offline" ? "?" : "";
  const spoken = said(channel, state);
  if (spoken !== null) return { text: `${spoken}${doubt}`, unit: "" };
  const known = battery(channel, state === "critical" || state === "warning" ? "left" : "");
  if (known === null || fresh === "lapsed") return { text: UNKNOWN, unit: "" };
  return { ...known, text: `${known.text}${doubt}` };
}

/** The headline in words, or null where the battery's figure says it best. */
export function said(channel, state) {
  if (state === "offline") return "NO RECEIVER";
  if (state === "critical" || state === "warning") {
    const reason = channel.reasons[0] ?? state;
    const says = reason in TROUBLES ? TROUBLES[reason].says : words(reason).toUpperCase();
    return says ?? (battery(channel, "") ? null : "BATTERY");
  }
  return state === "off" || channel.transmitter_on === false ? "TX OFF" : null;
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

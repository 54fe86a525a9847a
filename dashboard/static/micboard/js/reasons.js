/** The feed's reasons in operators' words. Pure. `dashboard/reasons.py` says the same for the first paint. */

import { shown } from "./format.js";

// `says` null: the battery's own figure says it best.
export const TROUBLES = {
  battery_critical: { says: null, about: "battery" },
  battery_low: { says: null, about: "battery" },
  rf_lost: { says: "RF LOST", about: "signal" },
  rf_poor: { says: "RF WEAK", about: "signal" },
  rf_overload: { says: "RF OVERLOAD", about: "signal" },
  interference: { says: "INTERFERENCE", about: "signal" },
  encryption: { says: "ENCRYPTION", about: "encryption" },
  clipping: { says: "CLIPPING", about: "audio" },
};

/** What the troubles among these reasons are about, each once: "battery, signal". */
export function subjects(reasons) {
  return [...new Set(reasons.map((reason) => TROUBLES[reason]?.about).filter(Boolean))].join(", ");
}

/** What a source that failed means to an operator, or null for a reason that the tile tells otherwise. */
export function complaint(reason) {
  if (reason in TROUBLES || reason === "stale" || reason === "unread") return null;
  if (reason === "server_says_offline") return "its server says offline";
  const [, source, why] = /^(command_strings|system_api)_(.+)$/.exec(reason) ?? [];
  if (source === "command_strings") return `RF not available: command strings ${words(why)}`;
  return source ? `its server: ${words(why)}` : words(reason);
}

export const words = (code) => shown(code.replaceAll("_", " "));

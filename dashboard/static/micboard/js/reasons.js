/** The feed's reasons in operators' words. Pure. `dashboard/reasons.py` says the same for the first paint. */

import { shown } from "./format.js";

// `says` null: the battery's own figure says it best.
export const TROUBLES = {
  battery_critical: { says: null, about: "battery" },
  battery_low: { says: null, about: "battery" },
  battery_short: { says: null, about: "will not last" },
  rf_lost: { says: "RF LOST", about: "signal" },
  rf_poor: { says: "RF WEAK", about: "signal" },
  rf_overload: { says: "RF OVERLOAD", about: "signal" },
  interference: { says: "INTERFERENCE", about: "signal" },
  encryption: { says: "ENCRYPTION", about: "encryption" },
  clipping: { says: "CLIPPING", about: "audio" },
};

const ALLOW = "Allow third-party control: Advanced Settings › Controller Access.";

// What somebody does next about a source that failed.
const STEPS = {
  command_strings_refused: `Check its address, and ${ALLOW[0].toLowerCase()}${ALLOW.slice(1)}`,
  command_strings_silent: ALLOW,
  command_strings_timeout: "Check that the receiver is on, and its network.",
  command_strings_unroutable: "Check the receiver's address, and the network.",
  command_strings_dropped: "Close other controllers of this receiver.",
  command_strings_incomplete: "Check the receiver's model and firmware.",
  command_strings_mistaken: "Another receiver answers at its address: check the server's list.",
  command_strings_unaddressed: "The server has not told its address: check the server's list.",
  system_api_unauthorised: "Enter the server's new key.",
  system_api_refused: "Check that the System API runs on the server.",
  system_api_timeout: "Check that the server is on, and its network.",
  system_api_unroutable: "Check the server's address, and the network.",
  system_api_untrusted: "Compare the server's certificate, and confirm the new one in the admin.",
  system_api_misconfigured: "Look at the server in the admin.",
  system_api_broken: "Look at the server's own log, and restart it if need be.",
  system_api_dropped: "Look at the server's own log, and restart it if need be.",
  system_api_gone: "The server does not list it any more: check its network.",
  server_says_offline: "Check that the receiver is on, and its network.",
};

/** What the troubles among these reasons are about, each once: "battery, signal". */
export function subjects(reasons) {
  return [...new Set(reasons.map((reason) => TROUBLES[reason]?.about).filter(Boolean))].join(", ");
}

/** What each trouble among these reasons is, as it stands in a list: "battery low", "RF poor". */
export function named(reasons) {
  return reasons.filter((reason) => reason in TROUBLES).map((reason) => words(reason).replace("rf ", "RF "));
}

/** What a source that failed means to an operator, or null for a reason that the tile tells otherwise. */
export function complaint(reason) {
  if (reason in TROUBLES || reason === "stale" || reason === "unread") return null;
  if (reason === "server_says_offline") return "its server says offline";
  const [, source, why] = /^(command_strings|system_api)_(.+)$/.exec(reason) ?? [];
  if (source === "command_strings") return `RF not available: command strings ${words(why)}`;
  return source ? `its server: ${words(why)}` : words(reason);
}

/** What failed and what to do about it, a sentence each. */
export function explained(reasons) {
  const sentences = reasons.flatMap((reason) => {
    const told = complaint(reason);
    return told ? [`${told[0].toUpperCase()}${told.slice(1)}.`, STEPS[reason] ?? ""] : [];
  });
  return [...new Set(sentences.filter(Boolean))].join(" ");
}

export const words = (code) => shown(code.replaceAll("_", " "));

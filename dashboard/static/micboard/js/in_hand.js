/**
 * Who has the trouble of a channel in hand. Pure. `dashboard/in_hand.py` does the same for the first paint; the
 * vectors in tests/vectors hold them together.
 */

import { moment, shown, span } from "./format.js";

const NOBODY = { by: "", at: "", spoken: "" };
const DAY_MS = 86_400_000;

/** Whether somebody has taken over what this state is about, and not only something less. */
export function isInHand({ alert }, state) {
  if (alert?.state !== "acknowledged") return false;
  if (state === "offline") return alert.rule === "receiver_offline";
  return state === "warning" || (state === "critical" && alert.severity === "critical");
}

/**
 * Who took a channel's trouble over and when, as far as one of the alerts tells: initials (`by`), `at`, and all of it
 * for who does not see it (`spoken`). All are empty where nobody has.
 */
export function inHand(channel, state, alerts, nowMs, zone) {
  if (!isInHand(channel, state)) return NOBODY;
  const theirs = [...alerts].find((alert) => isMeant(alert, channel));
  if (!theirs?.acknowledged_by) return { by: "in hand", at: "", spoken: "in hand" };
  const name = shown(theirs.acknowledged_by);
  const at = moment(theirs.acknowledged_at, nowMs, zone);
  const agoMs = nowMs - Date.parse(theirs.acknowledged_at);
  // A badge has no room for a date.
  const since = agoMs < DAY_MS ? at : span(agoMs / 1000);
  return { by: initials(name), at: since, spoken: `${name} has it since ${at}` };
}

function isMeant({ target, rule, state }, { device_id, receiver_id, alert }) {
  const touches = target.device_id === device_id || target.receiver_id === receiver_id;
  return touches && rule === alert.rule && state === alert.state;
}

/** The first letters of somebody's first and last name, or two of their only one: "OM", "OL". */
export function initials(name) {
  const words = name.normalize("NFC").match(/[\p{L}\p{N}]+/gu) ?? [name];
  const [first, last] = [[...words[0]], [...words.at(-1)]];
  return (words.length > 1 ? first[0] + last[0] : first.slice(0, 2).join("")).toUpperCase();
}

/** What one line of the list says. Pure. `dashboard/listed.py` does the same for the first paint. */

import { isKnown, STATE_WORDS } from "./face.js";
import { level, runtime, shown, UNKNOWN } from "./format.js";
import { charge, frequency } from "./listed.js";
import { estimate, isCurrent } from "./outlook.js";
import { named } from "./reasons.js";

/** `face` is the channel's, as face.js draws it; `titles` are the locations', by slug. */
export function line(channel, face, titles) {
  const known = isKnown(face.state, face.freshness);
  const doubt = face.freshness === "stale" ? "?" : "";
  const put = (value, say) => (known && value != null ? `${say(value)}${doubt}` : UNKNOWN);
  return {
    id: channel.device_id,
    name: face.name,
    state: face.state,
    freshness: face.freshness,
    word: STATE_WORDS[face.state],
    trouble: troubleOf(channel, face),
    runtime:
      (isCurrent(face.state, face.freshness) && estimate(channel)) || put(channel.battery_minutes, runtime),
    bars: face.bars,
    battery: put(charge(channel), (percent) => level(percent, "%")),
    rf: put(channel.rf_signal, (dbm) => level(dbm, "").trim()),
    audio: put(channel.peak_level, (dbfs) => level(dbfs, "").trim()),
    frequency: frequency(channel.frequency_khz) || UNKNOWN,
    location: shown(titles[channel.location] ?? channel.location ?? ""),
    age: face.age,
    muted: face.muted,
    acked: face.acked,
  };
}

// All that is wrong, or else what there is to add to the state.
function troubleOf({ reasons }, { notice, about, outlook, short, acked_by, acked_at }) {
  const wrong = named(reasons.filter((reason) => reason !== "battery_short" || !short));
  const said = [...wrong, short && outlook, notice].filter(Boolean).join(", ") || about || outlook;
  return [said, `${acked_by} ${acked_at}`.trim()].filter(Boolean).join(" · ");
}

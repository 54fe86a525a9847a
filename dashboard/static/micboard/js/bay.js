/** What the tile of a charger's bay says. Pure. `dashboard/bays.py` does the same for the first paint. */

import { face, STATE_WORDS } from "./face.js";
import { level, runtime, UNKNOWN } from "./format.js";

const FULL = 100; // per cent
const WEAR = [
  ["battery_health_percent", (percent) => `health ${percent}\u00A0%`],
  ["battery_cycles", (cycles) => `${cycles} cycles`],
  ["battery_celsius", (degrees) => `${degrees}\u00A0°C`],
];

/** A face as face.js draws it, of a bay. */
export function bayFace(channel, seen) {
  const drawn = face(channel, seen);
  const headline = headlineOf(channel, drawn);
  const { word, about } = noteOf(channel, drawn);
  const known = drawn.state !== "off" && drawn.state !== "offline" && drawn.freshness !== "lapsed";
  const wear = WEAR.filter(([field]) => channel[field] != null).map(([field, say]) => say(channel[field]));
  const spoken = [
    drawn.id,
    drawn.name,
    STATE_WORDS[drawn.state],
    headline,
    word.toLowerCase(),
    about,
    drawn.notice,
  ];
  return {
    ...drawn,
    headline,
    headline_size: sizeOf(headline),
    unit: "",
    quality: "unknown",
    rf: known ? wear.join(" · ") : "",
    word,
    about,
    muted: false,
    label: [...new Set(spoken.filter(Boolean))].join(", "),
  };
}

function headlineOf({ battery_level }, { state, freshness, headline }) {
  if (state === "offline") return "NO CHARGER";
  if (state === "off") return "EMPTY";
  if (state === "critical" || state === "warning") return headline;
  if (battery_level == null || freshness === "lapsed") return UNKNOWN;
  return `${level(battery_level, "%")}${freshness === "stale" ? "?" : ""}`;
}

function noteOf({ battery_level, charging, minutes_to_full }, { state, word, about }) {
  if (state !== "ok") return { word, about };
  if (battery_level === FULL) return { word: "FULL", about: "" };
  if (!charging) return { word: "OK", about: "" };
  return { word: "CHARGING", about: minutes_to_full ? `full in ${runtime(minutes_to_full)}` : "" };
}

function sizeOf({ length }) {
  if (length > 8) return "small";
  return length > 6 ? "medium" : "large";
}

/** A beep for critical alerts, for who asked for it in this browser: off until then. */

const CHOICE = "micboard.sound";
const TONES_HZ = [880, 660, 880];
const TONE_S = 0.16;
const LOUDNESS = 0.25;

/** Whether somebody has to be called for an alert, as the feed tells it. */
export function rings(alert, nowMs) {
  const muted = alert.muted_until !== undefined && Date.parse(alert.muted_until) > nowMs;
  return alert.state === "open" && alert.severity === "critical" && !muted;
}

const ringing = (alerts, nowMs) =>
  new Set([...alerts].filter((alert) => rings(alert, nowMs)).map(({ id }) => id));

export class Sound {
  #context = null;
  #heard = null;
  #seen = new Set();

  get chosen() {
    return localStorage.getItem(CHOICE) === "on";
  }

  /**
   * Choose from within a click: browsers let a page that nobody touched make no sound. The beep of the choice stands
   * for all the alerts that there are, and for those that whoever chooses has `seen`, though no window told of them yet.
   */
  choose(on, { alerts, seen, nowMs }) {
    localStorage.setItem(CHOICE, on ? "on" : "off");
    if (!on) return;
    const known = new Set([...alerts].map(({ id }) => id));
    if (this.#heard !== null) this.#heard = ringing(alerts, nowMs);
    this.#seen = new Set([...seen].filter((id) => !known.has(id)));
    this.beep();
  }

  /** Take the alerts that there are, and beep for those that are critical and new. The first ones are old. */
  hear(alerts, nowMs) {
    const now = ringing(alerts, nowMs);
    const isNew = this.#heard !== null && [...now].some((id) => !this.#heard.has(id) && !this.#seen.has(id));
    this.#heard = now;
    for (const { id } of alerts) this.#seen.delete(id);
    if (isNew && this.chosen) this.beep();
  }

  beep() {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") this.#context.resume();
    const loudness = new GainNode(this.#context, { gain: LOUDNESS });
    loudness.connect(this.#context.destination);
    TONES_HZ.forEach((frequency, turn) => {
      const tone = new OscillatorNode(this.#context, { frequency });
      const at = this.#context.currentTime + turn * TONE_S;
      tone.connect(loudness);
      tone.start(at);
      tone.stop(at + TONE_S * 0.8);
    });
  }
}

/** Have this feed's alerts heard, and a check box choose that where there is one. */
export function soundOf(feed, label) {
  const sound = new Sound();
  const listen = () => sound.hear([...feed.alerts.values()], feed.now());
  feed.on("snapshot", listen);
  feed.on("change", listen);
  if (label === null) return;
  const box = label.querySelector("input");
  box.checked = sound.chosen;
  box.addEventListener("change", () => {
    const seen = [...document.querySelectorAll("[data-alert]")].map(({ dataset }) => Number(dataset.alert));
    sound.choose(box.checked, { alerts: [...feed.alerts.values()], seen, nowMs: feed.now() });
  });
  label.hidden = false;
}

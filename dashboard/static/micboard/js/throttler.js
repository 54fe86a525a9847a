/** Gathers updates for a moment and hands them on at once: merged per device, none lost. Pure but for its timer. */
export class UpdateThrottler {
  #pending = new Map();
  #timer = null;

  /** `applyUpdates` receives a Map of device_id → the fields that changed, at most once every `delay` ms. */
  constructor(delay = 100, applyUpdates) {
    this.delay = delay;
    this.applyUpdates = applyUpdates;
  }

  queueUpdate(deviceId, update) {
    this.#pending.set(deviceId, { ...this.#pending.get(deviceId), ...update });
    // Not started anew by each update: a device that never pauses would never be drawn.
    this.#timer ??= setTimeout(() => this.flushUpdates(), this.delay);
  }

  flushUpdates() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const updates = this.#pending;
    this.#pending = new Map();
    if (updates.size) this.applyUpdates(updates);
  }
}

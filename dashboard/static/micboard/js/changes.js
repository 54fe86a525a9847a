/** What happened on a board since it was last told. Pure but for its timer. */

import { apply } from "./store.js";
import { UpdateThrottler } from "./throttler.js";

const ALERTS = Symbol("alerts");

export class Changes {
  #throttler;
  /** Of each channel that came or went: whether it was there when this began. */
  #before = new Map();

  /**
   * `tell` receives `changed`, `added` and `removed` ids, `alerts` as they are now, and `fields`: of each changed or
   * added channel the fields that are news. It is called for each window, or at most once every `delay` ms.
   */
  constructor(board, delay, tell) {
    this.board = board;
    this.delay = delay;
    this.tell = tell;
    this.#throttler = new UpdateThrottler(delay, (updates) => this.#tell(updates));
  }

  /** Apply a frame to the board, note what it did, and return what store.js does. */
  apply(frame) {
    if (frame.type === "initial_data") this.flush(); // what was noted is about the board of before
    if (frame.type !== "batch_update") return apply(this.board, frame);
    const { seq, channels } = this.board;
    const came = frame.added.map(({ device_id }) => device_id);
    const there = [...frame.removed, ...came].map((id) => [id, channels.has(id)]);
    const ids = apply(this.board, frame);
    if (this.board.seq !== seq) this.#note(frame, ids, there);
    return ids;
  }

  /** Tell now what is noted. */
  flush() {
    this.#throttler.flushUpdates();
  }

  #note(frame, ids, there) {
    for (const [id, was] of there) if (!this.#before.has(id)) this.#before.set(id, was);
    const news = new Map(ids.map((id) => [id, {}]));
    for (const row of frame.added) if (news.has(row.device_id)) news.set(row.device_id, row);
    for (const { device_id, changes } of frame.updates) if (news.has(device_id)) news.set(device_id, changes);
    for (const [id, fields] of news) this.#throttler.queueUpdate(id, fields);
    for (const alert of frame.alerts) this.#throttler.queueUpdate(ALERTS, { [alert.id]: alert });
    if (this.delay === 0) this.flush();
  }

  #tell(fields) {
    const alerts = Object.values(fields.get(ALERTS) ?? {});
    fields.delete(ALERTS);
    const told = { changed: [], added: [], removed: [], alerts, fields };
    for (const id of [...fields.keys()]) {
      const was = this.#before.get(id) ?? true;
      const is = this.board.channels.has(id);
      if (was && is) told.changed.push(id);
      else if (is) told.added.push(id);
      else if (was) told.removed.push(id);
      if (!is) fields.delete(id);
    }
    this.#before.clear();
    if ([told.changed, told.added, told.removed, alerts].some(({ length }) => length > 0)) this.tell(told);
  }
}

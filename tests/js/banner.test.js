import assert from "node:assert/strict";
import { test } from "node:test";
import { Announcer, connectionText, pollingText } from "../../dashboard/static/micboard/js/banner.js";
import { bound, title, worst } from "../../dashboard/static/micboard/js/header.js";

const well = { open: true, ended: null, heardAt: 100_000, lostAt: null, retryAt: null };
const none = { critical: 0, offline: 0, warning: 0, stale: 0, ok: 3, off: 0 };

test("a connection that is open is not talked about", () => {
  assert.equal(connectionText(well, 111_000), null);
});

test("a reconnect that takes a moment is nobody's business", () => {
  assert.equal(connectionText({ ...well, open: false, lostAt: 100_000, retryAt: 101_000 }, 101_000), null);
});

test("a lost connection says since when, and when it is tried again", () => {
  const link = { ...well, open: false, lostAt: 102_000, retryAt: 117_500 };

  assert.equal(
    connectionText(link, 114_000),
    "Connection lost 14 s ago: values may be old. Retrying in 4 s.",
  );
  assert.equal(
    connectionText({ ...link, retryAt: null }, 114_000),
    "Connection lost 14 s ago: values may be old. Retrying now.",
  );
});

test("an end for good says why, at once", () => {
  assert.equal(
    connectionText({ ...well, open: false, ended: { act: "stop", why: "No." }, lostAt: 1 }, 2),
    "No.",
  );
});

test("a poller at work is not talked about", () => {
  assert.equal(pollingText(true, 9), null);
});

test("a silent poller says since when", () => {
  assert.equal(pollingText(false, 48.7), "Polling stopped 48 s ago: values may be old.");
  assert.equal(pollingText(false, null), "Polling has not started.");
});

test("what is wrong is read out loud once, and not again while its seconds count", () => {
  const said = [];
  const announcer = new Announcer((text) => said.push(text));

  for (const sentence of [
    null,
    "Polling stopped 9 s ago: values may be old.",
    "Polling stopped 10 s ago: values may be old.",
    "Connection lost 2 s ago: values may be old. Retrying in 4 s.",
    "Connection lost 3 s ago: values may be old. Retrying in 3 s.",
    null,
  ]) {
    announcer.say(sentence);
  }

  assert.deepEqual(said, ["Polling stopped", "Connection lost", ""]);
});

test("the header says how old what looks fresh may be, and nothing where there is nobody", () => {
  assert.equal(bound(4.2, 3), "data ≤ 5 s");
  assert.equal(bound(null, 3), "no fresh data");
  assert.equal(bound(null, 0), "");
});

test("the title counts who needs a hand", () => {
  assert.equal(title(none), "Wall");
  assert.equal(title({ ...none, warning: 2 }), "(2) Wall");
  assert.equal(title({ ...none, critical: 1, offline: 1, warning: 5 }), "(2!) Wall");
});

test("the favicon is of the worst state that anybody is in", () => {
  assert.equal(worst({ ...none, warning: 2 }), "warning");
  assert.equal(worst({ ...none, ok: 0 }), "off");
});

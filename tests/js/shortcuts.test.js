import assert from "node:assert/strict";
import { test } from "node:test";
import { Shortcuts } from "../../dashboard/static/micboard/js/shortcuts.js";

const keys = () => new Shortcuts({ "?": "help", w: "alone", "g w": "wall", "g l": "list" });

test("a key has its act, and one that has none is nobody's", () => {
  assert.equal(keys().press("?", 0), "help");
  assert.equal(keys().press("x", 0), null);
});

test("two keys have an act of their own where they follow each other soon", () => {
  const shortcuts = keys();

  assert.equal(shortcuts.press("g", 0), null);
  assert.equal(shortcuts.press("l", 1500), "list");
});

test("a first key that was long ago is forgotten", () => {
  const shortcuts = keys();
  shortcuts.press("g", 0);

  assert.equal(shortcuts.press("w", 1501), "alone");
});

test("a second key that goes nowhere ends it", () => {
  const shortcuts = keys();
  shortcuts.press("g", 0);

  assert.equal(shortcuts.press("x", 10), null);
  assert.equal(shortcuts.press("l", 20), null);
});

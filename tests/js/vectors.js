import { readFileSync } from "node:fs";

/** The cases that Python's tests run as well. */
export const vectors = (name) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));

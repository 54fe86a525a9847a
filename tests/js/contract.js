import { readFileSync } from "node:fs";

/** The messages of the published contract, by their types. */
export const MESSAGES = JSON.parse(
  readFileSync(new URL("../../realtime/contract/asyncapi.json", import.meta.url), "utf8"),
).components.messages;

/**
 * The browser's client of a Micboard, for pages of anybody's and for our own wall. Load it off the server, or copy this
 * folder; it needs nothing else.
 *
 *   const { MicboardFeed } = await import("https://micboard.example/static/micboard/js/micboard.js");
 *   const feed = new MicboardFeed("wss://micboard.example/ws/devices/", { ticket: async () => "…" });
 *   feed.on("snapshot", () => drawAll(feed.channels));
 *   feed.on("change", ({ changed, added, removed }) => …);
 *   feed.on("status", ({ state, inMs, why }) => …);
 */

export { age, freshness, interval } from "./age.js";
export { MicboardFeed } from "./feed.js";
export { ReconnectingWebSocket } from "./reconnecting.js";
export { UpdateThrottler } from "./throttler.js";

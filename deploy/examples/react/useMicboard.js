/** The board of a Micboard as React state. The folder dashboard/static/micboard/js stands beside this as `micboard`. */

import { useEffect, useRef, useState } from "react";
import { MicboardFeed } from "./micboard/micboard.js";

const NOTHING_YET = { channels: [], alerts: [], live: true, status: { state: "connecting" } };

/**
 * Returns `channels`, `alerts`, whether the poller is `live`, and the connection's `status`. A channel that did not
 * change is the same object as before. `options` are MicboardFeed's, as they are when `url` is first seen.
 */
export function useMicboard(url, options = {}) {
  const [board, setBoard] = useState(NOTHING_YET);
  const latest = useRef(options);
  latest.current = options;

  useEffect(() => {
    const feed = new MicboardFeed(url, { throttle: 100, ...latest.current });
    const show = () => {
      setBoard({
        channels: [...feed.channels.values()],
        alerts: [...feed.alerts.values()],
        live: feed.board.live,
        status: feed.status,
      });
    };
    const ends = ["snapshot", "change", "seen", "status"].map((kind) => feed.on(kind, show));
    return () => {
      for (const end of ends) end();
      feed.close();
    };
  }, [url]);

  return board;
}

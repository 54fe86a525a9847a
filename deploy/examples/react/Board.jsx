import { memo } from "react";
import { useMicboard } from "./useMicboard.js";

export function Board({ url, options }) {
  const { channels, alerts, live, status } = useMicboard(url, options);
  const connected = status.state === "live";
  return (
    <section>
      {!connected && <p role="status">{status.why ?? `${status.state} …`}</p>}
      {connected && !live && <p role="status">Polling has stopped: values may be old.</p>}
      <p>{alerts.length} open alerts</p>
      <ul>
        {channels.map((channel) => (
          <Channel key={channel.device_id} channel={channel} />
        ))}
      </ul>
    </section>
  );
}

/** null is what the device does not say: never 0. */
const Channel = memo(({ channel }) => (
  <li id={channel.device_id} data-state={channel.state}>
    <b>{channel.name}</b> <span>{channel.state}</span> <span>{minutes(channel.battery_minutes)}</span>
  </li>
));

const minutes = (left) => (left === null ? "—" : `${left} min`);

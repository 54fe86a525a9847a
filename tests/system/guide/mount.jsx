import { createRoot } from "react-dom/client";
import DeviceMonitor from "./monitor.jsx";

createRoot(document.querySelector("main")).render(
  JSON.parse(document.querySelector("#ids").textContent).map((id) => (
    <section key={id} id={`monitor-${id}`}>
      <DeviceMonitor deviceId={id} />
    </section>
  )),
);

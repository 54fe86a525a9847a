/** A page of another origin's that follows the board: its own server gets the tickets, so no token is ever here. */

const { server } = document.documentElement.dataset;
const { MicboardFeed } = await import(`${server}/static/micboard/js/micboard.js`);

const feed = new MicboardFeed(`${server}/ws/devices/`, { ticket, throttle: 100 });
const list = document.querySelector("ul");
const status = document.querySelector("[role=status]");

feed.on("snapshot", draw);
feed.on("change", draw);
feed.on("status", ({ state, why }) => {
  status.hidden = state === "live";
  status.textContent = why ?? `${state} …`;
});

async function ticket() {
  const answer = await fetch("/ticket", { method: "POST" });
  if (!answer.ok) throw new Error(`There is no ticket: ${await answer.text()}`);
  return (await answer.json()).ticket;
}

function draw() {
  list.replaceChildren(
    ...[...feed.channels.values()].map(({ device_id, name, state, battery_minutes }) => {
      const line = document.createElement("li");
      line.id = device_id;
      line.textContent = `${name}: ${state}, ${battery_minutes === null ? "—" : `${battery_minutes} min`}`;
      return line;
    }),
  );
}

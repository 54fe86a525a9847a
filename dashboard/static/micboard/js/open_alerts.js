/** How many alerts are open, beside the link to them in the menu. */

export function countOpenAlerts(feed) {
  const element = document.querySelector(".open-alerts");
  if (element === null) return; // a kiosk has no menu

  function tell() {
    const open = [...feed.board.alerts.values()].filter(({ state }) => state === "open").length;
    element.textContent = `(${open} open)`;
    element.hidden = open === 0;
  }

  feed.on("snapshot", tell);
  feed.on("change", ({ alerts }) => alerts.length > 0 && tell());
  tell();
}

/** Keep the screen of an unattended display on, as long as this page is the one that it shows. */
export function stayAwake() {
  const ask = () => {
    // Refused on battery saving or without HTTPS: the wall is no worse for it.
    if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}

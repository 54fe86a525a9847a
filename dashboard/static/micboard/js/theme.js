/**
 * The theme, before the first paint: what the address asks for, else what this browser chose, else dark.
 * No module, because those run late. theme_choice.js chooses, and tells it as another window would.
 */
{
  const root = document.documentElement;
  const light = matchMedia("(prefers-color-scheme: light)");

  const apply = () => {
    const choice = root.dataset.wish || localStorage.getItem("micboard-theme") || "dark";
    const system = light.matches ? "light" : "dark";
    root.dataset.theme = choice === "auto" ? system : choice;
  };

  light.addEventListener("change", apply);
  addEventListener("storage", apply);
  apply();
}

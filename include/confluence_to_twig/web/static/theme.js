// Light or dark as Airflow is, before anything is painted. Airflow keeps the choice in localStorage under "theme":
// "light", "dark", or nothing (or "system") for what the operating system prefers.
(() => {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return window.localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  const apply = () => {
    const choice = chosen();
    const dark = choice === "dark" || (choice !== "light" && system.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  };
  apply();
  system.addEventListener("change", apply);
  // Airflow's own switch changes the value in another document of the same origin.
  window.addEventListener("storage", apply);
})();

// Light, dark, or as the system has it.

import { byId } from "./dom.js";

const KEPT = "legion-theme";
const NEXT = { system: "light", light: "dark", dark: "system" };

export function theme() {
  const button = byId("theme");
  let chosen = localStorage.getItem(KEPT) ?? "system";

  function apply() {
    if (chosen === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    button.textContent = `Theme: ${chosen}`;
  }

  button.addEventListener("click", () => {
    chosen = NEXT[chosen] ?? "system";
    localStorage.setItem(KEPT, chosen);
    apply();
  });
  apply();
}

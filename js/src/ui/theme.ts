import { useSyncExternalStore } from "react";

import { useTrait } from "../bridge/useTrait";

/** What the host shows: JupyterLab and VS Code say so on the body, others by the system's preference. */
function hostTheme(): "light" | "dark" {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === "false" ? "dark" : "light";
  if (vscodeThemeKind !== undefined) return /dark|high-contrast$/.test(vscodeThemeKind) ? "dark" : "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function subscribe(changed: () => void): () => void {
  const watch = new MutationObserver(changed);
  watch.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"],
  });
  const preference = matchMedia("(prefers-color-scheme: dark)");
  preference.addEventListener("change", changed);
  return () => {
    watch.disconnect();
    preference.removeEventListener("change", changed);
  };
}

export function useTheme(): "light" | "dark" {
  const host = useSyncExternalStore(subscribe, hostTheme);
  const [theme] = useTrait("theme");
  return theme === "auto" ? host : theme;
}

/** Light or dark: as the system has it, until somebody says otherwise. */

import { h } from "./dom.ts";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const KEY = "theme";
const SIGNS: Readonly<Record<Theme, string>> = { auto: "◐", light: "☀", dark: "☾" };

/** @param onChange Colours are others now. */
export function useTheme(button: HTMLElement, onChange: () => void = () => {}): void {
  let theme = kept();
  const show = (): void => {
    if (theme === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    button.replaceChildren(SIGNS[theme], h("span", { class: "word" }, ` ${theme}`));
    button.setAttribute("aria-label", `Colours: ${theme}`);
    onChange();
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
    keep(theme);
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
  show();
}

function kept(): Theme {
  try {
    const theme = localStorage.getItem(KEY);
    return THEMES.find((each) => each === theme) ?? "auto";
  } catch {
    // A page that may keep nothing.
    return "auto";
  }
}

function keep(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // As above.
  }
}

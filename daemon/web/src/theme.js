// Light, dark, or as the system has it. Kept in this browser.

const NAME = "gembal-theme";

/** "light", "dark", or "" for the system's. */
export function chosenTheme() {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return "";  // storage is off: the system decides
  }
}

export function applyTheme(theme = chosenTheme()) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

export function chooseTheme(theme) {
  try {
    if (theme) localStorage.setItem(NAME, theme);
    else localStorage.removeItem(NAME);
  } catch {
    // It lasts as long as the page, then.
  }
  applyTheme(theme);
  dispatchEvent(new Event("themechange"));
}

export function isDark() {
  const theme = document.documentElement.dataset.theme;
  if (theme) return theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

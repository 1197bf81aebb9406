// Light, dark, or as the system has it. Kept in this browser.

const NAME = "gembal-theme";

/** "light", "dark", or "" for the system's. */
export function chosen_theme() {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return "";  // storage is off: the system decides
  }
}

export function apply_theme() {
  const theme = chosen_theme();
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

export function choose_theme(theme) {
  try {
    if (theme) localStorage.setItem(NAME, theme);
    else localStorage.removeItem(NAME);
  } catch {
    // It lasts as long as the page, then.
  }
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  dispatchEvent(new Event("themechange"));
}

export function is_dark() {
  const theme = document.documentElement.dataset.theme;
  if (theme) return theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

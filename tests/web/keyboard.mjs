// What a reader without a mouse does.

/** What has the focus is called: its label, else its text. */
const focused = (page) => page.evaluate(() => {
  const at = document.activeElement;
  const labels = at.labels?.length ? [...at.labels].map((label) => label.innerText) : [];
  return [at.getAttribute("aria-label"), ...labels, at.innerText, at.placeholder].filter(Boolean).map((text) => text.trim().replace(/\s+/g, " ")).join(" | ");
});

/** Presses Tab until what has the focus is called so; then it must be seen that it has it. */
export async function tabTo(page, name, most = 150) {
  const seen = [];
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    seen.push(at.slice(0, 40));
    if (typeof name === "string" ? at.split(" | ").includes(name) : name.test(at)) {
      const visible = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        const frame = getComputedStyle(document.activeElement.closest(".composer") ?? document.activeElement);
        return style.outlineStyle !== "none" || style.backgroundColor !== "rgba(0, 0, 0, 0)" || frame.borderStyle !== "none";
      });
      if (!visible) throw new Error(`one cannot see that '${at}' has the focus`);
      return;
    }
  }
  throw new Error(`Tab does not lead to ${name}; it led to ${seen.slice(-20).join(", ")}`);
}

export async function tabToAndPress(page, name, key = "Enter") {
  await tabTo(page, name);
  await page.keyboard.press(key);
}

/** Opens a page by its link in the navigation. */
export async function visit(page, name) {
  await tabToAndPress(page, name);
  await page.locator('nav a[aria-current="page"]').filter({ hasText: name }).waitFor();
}

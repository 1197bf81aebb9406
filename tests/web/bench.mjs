// How fast the page of the keys is with 10,000 of them: its first paint, and scrolling. GEMBAL is the program to measure, of a release
// build; nothing else should run meanwhile. Prints a line for each figure.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { ADMIN, startDaemon } from "./daemon.mjs";

const KEYS = 10_000;
const LOADS = 7;
const SCREENS = 100;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = (value) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;

/** The durations of the frames while the page scrolls that many screens, a part of a screen in each frame. */
const scroll = (page, screens, part) => page.evaluate(([count, step]) => new Promise((resolve) => {
  scrollTo(0, 0);
  const frames = [];
  let last = 0;
  const frame = (now) => {
    if (last) frames.push(now - last);
    last = now;
    if (frames.length >= count / step) return resolve(frames);
    scrollBy({ top: innerHeight * step, behavior: "instant" });
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}), [screens, part]);

const daemon = await startDaemon();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const options = { viewport: { width: 1440, height: 900 }, baseURL: daemon.url };
try {
  const context = await browser.newContext(options);
  const { csrf } = await (await context.request.post("/login", { data: { token: ADMIN } })).json();
  const text = Array.from({ length: KEYS }, (_, i) => `AIza-many-${i}-`.padEnd(39, "A")).join("\n");
  const reply = await context.request.post("/api/admin/keys", { data: { text }, headers: { "x-csrf-token": csrf }, timeout: 60_000 });
  assert.equal((await reply.json()).added, KEYS);
  const storageState = await context.storageState();
  await context.close();

  const paints = [];
  const lists = [];
  let page;
  for (let i = 0; i < LOADS; i++) {
    await page?.context().close();
    page = await (await browser.newContext({ ...options, storageState })).newPage();  // nothing is cached in a new one
    await page.goto("/keys_status");
    await page.locator(".key-row[data-id]").first().waitFor();
    lists.push(await page.evaluate(() => performance.now()));
    paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
  }
  console.log(`first contentful paint: ${ms(median(paints))} (median of ${LOADS} cold loads: ${paints.map(ms).join(", ")})`);
  console.log(`the list is there after: ${ms(median(lists))} (${lists.map(ms).join(", ")})`);

  await page.waitForTimeout(1000);  // what follows the first paint
  for (const part of [0.2, 1]) {
    const frames = await scroll(page, SCREENS, part);
    const long = frames.filter((frame) => frame > 50);
    console.log(`scrolling ${SCREENS} screens, ${part} of one a frame: ${long.length} of ${frames.length} frames longer than 50 ms, ` +
      `median ${ms(median(frames))}, longest ${ms(Math.max(...frames))}`);
  }
} finally {
  await browser.close();
  await daemon.stop();
}

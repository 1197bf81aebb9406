// The admin pages in a real browser, against a real daemon: what an administrator does, with the keyboard alone, on a phone and on a
// desk. Needs chromium; GEMBAL is the program under test.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { ADMIN, ask, startDaemon } from "./daemon.mjs";
import { tabTo, tabToAndPress, visit } from "./keyboard.mjs";
import { startProxy } from "./proxy.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Addresses, and what is there once all of the page is. */
const PAGES = {
  "/keys_status": ".key-row[data-id]", "/config": ".setting", "/error_logs?tab=requests": ".log-row .code-tag",
  "/error_logs?tab=errors": ".log-row .code-tag", "/stats": ".stat-table td", "/play": '.composer:has-text("gemini")', "/tokens": ".token",
  "/docs": ".operation",
};
const SIZES = [{ width: 390, height: 844 }, { width: 1440, height: 900 }];

/** A key that looks like one; the sandbox answers it with the fault in its name. */
const key = (name) => `AIza-${name}-`.padEnd(39, "A");

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});
after(() => browser?.close());

/** A page whose errors, broken policies above all, fail the test. */
async function open(url, options) {
  const context = await browser.newContext({ ...options, baseURL: url });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.stack));
  page.on("console", (message) => {
    const expected = /status of (401|404)/.test(message.text());
    if (message.type() === "error" && !expected) problems.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) problems.push(`asked ${request.url()}`);
  });
  return { page, problems, context };
}

async function logIn(page, path = "/") {
  await page.goto(path);
  await page.getByLabel("Administrator's token").waitFor();
  await page.keyboard.type(ADMIN);  // the field has the focus
  await page.keyboard.press("Enter");
  await page.getByRole("navigation").first().waitFor();
  await page.locator("main h1").waitFor();
}

for (const viewport of SIZES) {
  describe(`with the keyboard, ${viewport.width} pixels wide`, () => {
    let daemon;
    let proxy;
    let page;
    let problems;
    let context;
    const dialog = () => page.locator("dialog[open]").last();
    const says = (locator, text) => locator.filter({ hasText: text }).first().waitFor();

    before(async () => {
      daemon = await startDaemon();
      proxy = await startProxy();
      ({ page, problems, context } = await open(daemon.url, { viewport }));
    });
    after(async () => {
      await context?.close();
      await daemon?.stop();
      await proxy?.stop();
    });

    test("a wrong token is refused, the right one opens the keys", async () => {
      await page.goto("/keys_status");
      await page.getByLabel("Administrator's token").waitFor();
      await page.keyboard.type("sk-wrong");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      await page.keyboard.press("Control+A");
      await page.keyboard.type(ADMIN);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Keys", level: 1 }).waitFor();
      assert.equal(new URL(page.url()).pathname, "/keys_status");
    });

    test("keys are added from pasted text", async () => {
      await tabToAndPress(page, "Add keys");
      await dialog().waitFor();
      const text = `two keys: "${key("good")}", ${key("bad429minute")} and once more ${key("good")}; and one that ends: ${key("leaked")}.`;
      await page.evaluate((pasted) => navigator.clipboard?.writeText(pasted).catch(() => {}), text);
      await page.keyboard.insertText(text);
      await says(dialog(), "3 keys recognised, 1 repeated");
      await tabTo(page, "Label");
      await page.keyboard.type("tests");
      await tabToAndPress(page, "Add 3 keys");
      await says(dialog(), "3 keys added");
      await tabToAndPress(page, "Done");
      await page.getByRole("row", { name: "tests" }).first().waitFor();
      const count = (text) => page.getByText(text, { exact: true }).first().waitFor();  // rows out of sight are not drawn
      await count("3 keys");
      assert.ok(!(await page.content()).includes(key("good")), "a whole key is in the page");
    });

    test("a key that is checked gets a verdict", async () => {
      await tabToAndPress(page, /^Select AIza/, "Space");
      await tabTo(page, /^Select AIza/);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Shift+Space");
      await says(page.getByRole("region", { name: "Actions for the selected keys" }), "3 keys selected");
      await tabToAndPress(page, "Check");
      await says(dialog(), "Checked 3 of 3");
      await says(dialog(), "Reported as leaked");
      await page.keyboard.press("Escape");
      await dialog().waitFor({ state: "detached" });
      const disabled = (count) => page.getByRole("button", { name: `Disabled ${count}`, exact: true }).waitFor();
      await disabled(1);
      await tabToAndPress(page, "Enable");
      await disabled(0);
      await tabToAndPress(page, "Select none");
    });

    test("a key is seen cooling down without reloading", async () => {
      for (let i = 0; i < 4; i++) await ask(daemon.url);
      await page.locator(".status.cooling .countdown").first().waitFor();
    });

    test("the cards count requests without reloading", async () => {
      await says(page.getByRole("region", { name: "Trend" }), "4 requests");
      await says(page.getByRole("region", { name: "Calls" }).getByRole("link", { name: "1 hour" }), /^1 hour\s*4/);
    });

    test("a setting that is changed holds for the next request", async () => {
      assert.equal(await ask(daemon.url, "gemini-2.5-pro"), 200);
      await visit(page, viewport.width < 900 ? "Config" : "Configuration");
      await page.getByRole("heading", { name: "Configuration", level: 1 }).waitFor();
      await tabTo(page, "Search settings");
      await page.keyboard.type("models.filtered");
      await tabTo(page, /^models\.filtered \|/);
      await page.keyboard.type("gemini-2.5-pro");
      await page.keyboard.press("Enter");
      await says(page.getByRole("region", { name: "Unsaved changes" }), "1 unsaved change");
      await tabToAndPress(page, "Save all");
      await says(page.locator('[data-key="models.filtered"] .tag'), "Saved here");
      assert.notEqual(await ask(daemon.url, "gemini-2.5-pro"), 200);
    });

    test("what is wrong with a value is said while it is typed", async () => {
      await page.goto("/config");
      await page.getByLabel("Search settings").focus();
      await page.keyboard.type("pool.max_retries");
      await tabTo(page, /^pool\.max_retries/);
      await page.keyboard.press("Control+A");
      await page.keyboard.type("many");
      await page.locator('[data-key="pool.max_retries"] .problem').filter({ hasText: /\w/ }).waitFor();
      await tabToAndPress(page, "Discard");
    });

    test("proxies are tried out before they are used", async () => {
      const dead = "http://127.0.0.1:1";
      const setting = page.locator('[data-key="upstream.proxies"]');
      await page.goto("/config");
      await page.getByLabel("Search settings").focus();
      await page.keyboard.type("upstream.proxies");
      await tabToAndPress(page, "Add in bulk");
      await page.keyboard.insertText(`${proxy.url}\n${dead}`);
      await tabToAndPress(page, "Add 2 lines");
      await tabToAndPress(page, "Check all");
      await says(dialog(), "Checked 2 of 2: 1 working, 1 not");
      await says(dialog().getByRole("listitem").filter({ hasText: proxy.url }), "Works");
      await says(dialog().getByRole("listitem").filter({ hasText: dead }), "Fails");
      await tabToAndPress(page, "Take 1 off the list");
      await setting.getByRole("listitem").filter({ hasText: dead }).waitFor({ state: "detached" });
      await says(setting.getByRole("listitem"), proxy.url);
      await tabToAndPress(page, "Save all");
      await says(setting.locator(".tag"), "Saved here");

      const before = proxy.passed.length;
      assert.equal(await ask(daemon.url, "gemini-2.5-flash-lite"), 200);
      assert.match(proxy.passed.slice(before).join("\n"), /^POST http:.*gemini-2\.5-flash-lite/m);

      // It is checked as the page shows it once it is saved, too.
      await tabToAndPress(page, "Check");
      await says(dialog(), "Checked 1 of 1: 1 working, 0 not");
      await page.keyboard.press("Escape");
      await tabToAndPress(page, "Reset to what it is without this");
      await says(setting.locator(".tag"), "Default");
    });

    test("an error is found, with its details", async () => {
      await visit(page, "Requests");
      await tabToAndPress(page, "Errors");
      await page.getByRole("table", { name: "Errors" }).waitFor();
      await tabTo(page, "Status");
      await page.keyboard.type("429");
      await page.waitForURL(/status=429/);
      await page.getByRole("table", { name: "Errors" }).getByText("429").first().waitFor();
      await tabToAndPress(page, /, details$/);
      await says(dialog(), /quota/i);
      await tabToAndPress(page, "Copy: Message");
      await page.keyboard.press("Escape");
      await dialog().waitFor({ state: "detached" });
    });

    test("a request shows up while one looks on", async () => {
      await page.goto("/error_logs?tab=requests");
      await page.getByRole("table", { name: "Requests" }).waitFor();
      await page.locator('.live[title="Live"]').waitFor();
      await ask(daemon.url, "gemini-3.5-flash");
      await page.getByRole("row", { name: "gemini-3.5-flash" }).first().waitFor();
    });

    test("a chart is read out", async () => {
      await visit(page, viewport.width < 900 ? "Stats" : "Statistics");
      await tabTo(page, /^Requests per hour\. Arrow keys read it out\./);
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("End");
      const spoken = page.locator(".chart [aria-live]").first();
      if (/Successful: 0/.test(await spoken.textContent())) await page.keyboard.press("ArrowLeft");  // an hour has just begun
      await spoken.filter({ hasText: /Successful: [1-9]/ }).waitFor({ state: "attached" });
    });

    test("a prompt is answered, piece by piece", async () => {
      await visit(page, "Play");
      await page.getByRole("heading", { name: "Play" }).waitFor();
      await says(page.locator(".composer"), "gemini");  // the model: there is none to ask before
      await page.keyboard.insertText('sandbox: {"text": "Some **bold** words.", "thoughts": "Hm."}');
      await page.keyboard.press("Enter");
      await page.locator(".turn.model b").filter({ hasText: "bold" }).waitFor();
      await page.locator(".turn-facts").filter({ hasText: "AIza" }).waitFor();
    });

    test("a token is made, shown once, and taken back", async () => {
      await visit(page, "Tokens");
      await tabToAndPress(page, "New token");
      await dialog().waitFor();
      await page.keyboard.type("robot");
      await tabToAndPress(page, "Create token");
      await says(dialog().locator("code"), "gembal-");
      await tabToAndPress(page, "Done");
      await says(page.locator(".token"), "robot");
      await tabToAndPress(page, "Actions for robot");
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await says(dialog(), "Delete the token robot?");
      await page.keyboard.press("Enter");
      await page.locator(".token").filter({ hasText: "robot" }).waitFor({ state: "detached" });
    });

    test("a key is deleted, once that is confirmed", async () => {
      await visit(page, "Keys");
      await page.getByRole("row", { name: "tests" }).first().waitFor();
      const count = (text) => page.getByText(text, { exact: true }).first().waitFor();  // rows out of sight are not drawn
      await count("3 keys");
      await tabToAndPress(page, /^Select AIza/, "Space");
      await tabToAndPress(page, "Delete");
      await says(dialog(), /Delete AIza/);
      await page.keyboard.press("Escape");
      await dialog().waitFor({ state: "detached" });
      await count("3 keys");
      await tabToAndPress(page, "Delete");
      await says(dialog(), /Delete AIza/);
      await page.keyboard.press("Enter");
      await count("2 keys");
    });

    test("leaving means logging out", async () => {
      await tabToAndPress(page, "Log out");
      await page.keyboard.press("Enter");
      await page.getByLabel("Administrator's token").waitFor();
      assert.equal((await context.request.get("/api/admin/keys")).status(), 401);
    });

    test("nothing broke meanwhile, and nothing was asked of other servers", () => assert.deepEqual(problems, []));
  });
}

describe("every page", () => {
  let daemon;
  before(async () => {
    daemon = await startDaemon();
    const { page, context } = await open(daemon.url);
    await logIn(page);
    const csrf = (await (await context.request.get("/api/admin/session")).json()).csrf;
    const post = (path, data) => context.request.post(path, { data, headers: { "x-csrf-token": csrf } });
    const text = Array.from({ length: 40 }, (_, i) => key(`good-${i}`)).join(" ") + key("-bad429minute");
    assert.equal((await post("/api/admin/keys", { text })).status(), 200);
    const [id] = (await (await post("/api/admin/keys", { text: key("bad429zero"), label: "no quota" })).json()).ids;
    assert.equal((await post(`/api/admin/keys/${id}/check`, {})).status(), 200);
    for (let i = 0; i < 5; i++) await ask(daemon.url);
    await ask(daemon.url, "gemini-2.5-flash", "sandbox: " + JSON.stringify({ fault: "bad-argument" }));
    await context.close();
  });
  after(() => daemon?.stop());

  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of SIZES) {
      test(`has no serious fault for axe-core and no sideways scrolling (${colorScheme}, ${viewport.width} pixels)`, async () => {
        const { page, problems, context } = await open(daemon.url, { viewport, colorScheme });
        const faults = [];
        const look = async (name) => {
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => axe.run({ resultTypes: ["violations"] }));
          for (const { id, impact, nodes } of violations) {
            if (["serious", "critical"].includes(impact)) faults.push(`${name}: ${id}: ${nodes[0].html.slice(0, 160)} ${nodes[0].failureSummary}`);
          }
          if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${name} scrolls sideways`);
        };
        await page.goto("/login");
        await page.locator("form").waitFor();
        await look("/login");
        await logIn(page);
        for (const [path, last] of Object.entries(PAGES)) {
          await page.goto(path);
          await page.locator(last).first().waitFor();
          await look(path);
        }
        await context.close();
        assert.deepEqual(faults, []);
        assert.deepEqual(problems, []);
      });
    }
  }

  test("a key that has no quota for a model is not called OK", async () => {
    const { page, context } = await open(daemon.url, { viewport: SIZES[1] });
    await logIn(page);
    await page.getByRole("button", { name: "Unsupported 1", exact: true }).click();
    await page.getByRole("row", { name: "no quota" }).locator(".status.unsupported").filter({ hasText: "Unsupported" }).waitFor();
    assert.equal(await page.locator(".key-rows .key-row").count(), 1);
    await context.close();
  });

  test("ten thousand keys scroll in a page of a few rows", async () => {
    const { page, context } = await open(daemon.url, { viewport: SIZES[1] });
    await logIn(page);
    const csrf = (await (await context.request.get("/api/admin/session")).json()).csrf;
    const text = Array.from({ length: 10_000 }, (_, i) => key(`many-${i}`)).join("\n");
    assert.equal((await context.request.post("/api/admin/keys", { data: { text }, headers: { "x-csrf-token": csrf }, timeout: 60_000 })).status(), 200);
    await page.reload();
    await page.getByText(/^10,0\d\d keys$/).waitFor({ timeout: 60_000 });
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
    await page.waitForFunction(() => [...document.querySelectorAll(".key-rows .key-row")].some((row) => Number(row.ariaRowIndex) > 4000));
    assert.ok((await page.locator(".key-rows .key-row").count()) < 100);
    await context.close();
  });
});

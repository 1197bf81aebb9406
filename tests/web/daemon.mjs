// A daemon with an empty store of its own, in front of a sandbox that stands in for the Gemini API.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const GEMBAL = process.env.GEMBAL ?? "build/dev/gembal";
const PATIENCE = 30_000;
export const TOKEN = "sk-client-of-the-tests";
export const ADMIN = "sk-administrator-of-the-tests";

/** Starts gembal and waits for the address that it prints. */
function start(args, env) {
  const child = spawn(GEMBAL, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let log = "";
  child.stderr.on("data", (data) => { log = (log + data).slice(-20_000); });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const started = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`gembal ${args[0]} did not start:\n${said}${log}`)), PATIENCE);
    child.stdout.on("data", (data) => {
      said += data;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (!url) return;
      clearTimeout(timer);
      resolve(url[0]);
    });
    child.on("error", reject);
    child.on("exit", (status) => reject(new Error(`gembal ${args[0]} ended with ${status}:\n${said}${log}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    const status = await ended;
    clearTimeout(timer);
    if (status !== 0) throw new Error(`gembal ${args[0]} ended with ${status}:\n${log}`);
  };
  return { started, stop };
}

/** {url, stop}. Nothing of the developer's own: neither store nor configuration nor keys. */
export async function startDaemon() {
  const home = mkdtempSync(join(tmpdir(), "gembal-web-"));
  const env = { PATH: "/usr/bin:/bin", HOME: home, XDG_CONFIG_HOME: join(home, "config"), XDG_DATA_HOME: join(home, "data") };
  const sandbox = start(["sandbox", "--listen", "127.0.0.1:0"], env);
  const daemon = start(["serve", "--listen", "127.0.0.1:0"], {
    ...env, GEMBAL_AUTH_TOKENS: TOKEN, GEMBAL_AUTH_ADMIN_TOKEN: ADMIN, GEMBAL_UPSTREAM_BASE_URL: `${await sandbox.started}/v1beta`,
  });
  const url = await daemon.started;
  return {
    url,
    async stop() {
      await daemon.stop();
      await sandbox.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A client's request: the reply's status. */
export async function ask(url, model = "gemini-2.5-flash", prompt = "Hello!") {
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: "POST", headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: prompt }] }),
  });
  await reply.text();
  return reply.status;
}

// Settings' values: as the API has them, as people edit them, as they are sent. Pure.
import { durationText, sizeText } from "../format.js";

const TITLES = {
  server: "Server", store: "Store", auth: "Access", keys: "Keys", upstream: "Upstream", pool: "Key pool", models: "Models", tools: "Tools",
  safety: "Safety", audio: "Audio", stream: "Streaming", downloads: "Downloads", images: "Pictures", logs: "Logs", client: "Command line",
  web: "These pages", proxies: "Proxies", metrics: "Metrics", tokens: "Tokens", files: "Files", limits: "Limits", responses: "Responses",
};

export const groupTitle = (group) => TITLES[group] ?? group.charAt(0).toUpperCase() + group.slice(1).replaceAll("_", " ");

const SHORT = { url: "URL", api: "API", tts: "TTS", smms: "SM.MS", oss: "OSS", cors: "CORS", picgo: "PicGo", imgbed: "ImgBed", cloudflare: "CloudFlare", id: "ID" };

/** "pool.max_retries" -> "Max retries" */
export function settingTitle(key) {
  const words = key.split(".").slice(1).join(" ").split("_").map((word) => SHORT[word] ?? word);
  const text = words.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What the editor starts with. Durations and sizes are edited as texts: "30s", "200MiB". */
export function editable({ type, value }) {
  if (type === "duration") return durationText(value);
  if (type === "size") return sizeText(value);
  if (type === "list") return value ?? [];
  if (type === "map") return value ?? {};
  if (type === "secret") return value ?? "";
  if (type === "integer" || type === "number") return String(value ?? "");
  return value ?? (type === "boolean" ? false : "");
}

/** What is sent. What is no number goes as it is, for the daemon to say what is wrong with it. */
export function sent({ type }, edited) {
  if (type === "integer" || type === "number") {
    return /^-?\d+(\.\d+)?$/.test(edited.trim()) ? Number(edited) : edited;
  }
  return typeof edited === "string" ? edited.trim() : edited;
}

/** A value in words, for "default: …". */
export function inWords(setting, value) {
  const shown = editable({ ...setting, value });
  if (setting.type === "boolean") return value ? "on" : "off";
  if (Array.isArray(shown)) return shown.length ? shown.join(", ") : "none";
  if (typeof shown === "object") {
    const pairs = Object.entries(shown).map(([name, one]) => `${name}: ${one}`);
    return pairs.length ? pairs.join(", ") : "none";
  }
  return shown === "" ? "empty" : shown;
}

/** Lists of "NAME: VALUE" are edited as rows of two. */
export const isPairs = ({ type, form }) => type === "map" || (type === "list" && Boolean(form));

/** Rows of two, from either form that pairs have. */
export function pairsOf(value) {
  if (!Array.isArray(value)) return Object.entries(value);
  return value.map((text) => {
    const at = text.indexOf(": ");
    return at < 0 ? [text.replace(/:$/, ""), ""] : [text.slice(0, at), text.slice(at + 2)];
  });
}

/** And back, in the form that it had. A row without a name is not part of the value. */
export function fromPairs(rows, asList) {
  const named = rows.filter(([name]) => name.trim()).map(([name, one]) => [name.trim(), String(one).trim()]);
  return asList ? named.map(([name, one]) => `${name}: ${one}`) : Object.fromEntries(named);
}

export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export const isModelList = ({ key, type, form }) => type === "list" && !form && (key.startsWith("models.") || key.endsWith("_models"));
export const isModel = ({ key, type }) => type === "text" && (/(^|[._])model$/.test(key) || ["models.embedding", "models.anthropic"].includes(key));
export const isToken = ({ key }) => key === "auth.tokens" || key === "auth.admin_token";
export const isProxies = ({ key, type }) => type === "list" && /prox(y|ies)$/.test(key);

const HOSTS = { smms_: "smms", picgo_: "picgo", cloudflare_imgbed_: "cloudflare_imgbed", oss_: "aliyun_oss" };

/** Of the places that pictures can go to, only the chosen one has something to set. */
export function isShown(setting, upload) {
  if (setting.group !== "images") return true;
  const host = Object.keys(HOSTS).find((prefix) => setting.key.startsWith(`images.${prefix}`));
  return !host || HOSTS[host] === upload;
}

/** A token that nobody guesses: 192 bits. */
export function newToken() {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return "gembal-" + [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => alphabet[byte & 63]).join("");
}

// Numbers, times and sizes, as people read them.

const whole = new Intl.NumberFormat("en");

export const count = (n) => whole.format(n ?? 0);

/** 1234 -> "1.2k", 3400000 -> "3.4M" */
export function short(n) {
  if (n == null) return "";
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]]) {
    if (n >= size * 0.9995) return (n / size).toFixed(n / size < 9.95 ? 1 : 0) + unit;
  }
  return String(n);
}

export const plural = (n, one, many = one + "s") => `${count(n)} ${n === 1 ? one : many}`;

export function percent(part, all) {
  if (!all) return "–";
  const share = (part / all) * 100;
  return (share >= 99.95 || share < 0.05 ? share.toFixed(0) : share.toFixed(1)) + " %";
}

/** Milliseconds: "340 ms", "2.4 s", "1 min 20 s". */
export function latency(ms) {
  if (!ms) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** Milliseconds left: "0:42", "12:05", "7h 30m". */
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  return `${Math.round(minutes / 60 / 24)} days`;
}

/** "just now", "4 min ago", "3 h ago", "12 days ago"; "never" for "". */
export function ago(iso, now = Date.now()) {
  if (!iso) return "never";
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3570) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

const two = (n) => String(n).padStart(2, "0");

/** Local time. "14:03:22" today, else "11-24 14:03:22"; with the year when it is another. */
export function clock(iso, now = new Date()) {
  if (!iso) return "–";
  const t = new Date(iso);
  const time = `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
  if (t.toDateString() === now.toDateString()) return time;
  const day = `${two(t.getMonth() + 1)}-${two(t.getDate())}`;
  return t.getFullYear() === now.getFullYear() ? `${day} ${time}` : `${t.getFullYear()}-${day} ${time}`;
}

export function fullTime(iso) {
  return iso ? new Date(iso).toLocaleString("en", { dateStyle: "medium", timeStyle: "medium" }) : "never";
}

/** The value of <input type="datetime-local">, which is local time, as ISO in UTC; "" for "". */
export const toIso = (local) => (local ? new Date(local).toISOString().replace(/\.\d+Z$/, "Z") : "");
export function toLocalInput(iso) {
  if (!iso) return "";
  const t = new Date(iso);
  return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())}T${two(t.getHours())}:${two(t.getMinutes())}`;
}

const DURATIONS = [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000], ["ms", 1]];

/** 30000 -> "30s", as the configuration writes it. Texts stay as they are. */
export function durationText(ms) {
  if (typeof ms !== "number") return ms ?? "";
  if (ms === 0) return "0s";
  const [unit, size] = DURATIONS.find(([, unitSize]) => ms % unitSize === 0) ?? ["ms", 1];
  return ms / size + unit;
}

const SIZES = [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]];

/** 209715200 -> "200MiB". Texts stay as they are. */
export function sizeText(bytes) {
  if (typeof bytes !== "number") return bytes ?? "";
  const [unit, size] = SIZES.find(([, unitSize]) => bytes && bytes % unitSize === 0) ?? ["B", 1];
  return bytes / size + unit;
}

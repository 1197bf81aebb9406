// Which keys the table shows, and in which order. Pure.

/** As the command line names them. Unsupported: for lack of some model, at least; the others may work. */
export const STATUSES = { ok: "OK", cooling: "Cooling down", exhausted: "Exhausted", unsupported: "Unsupported", disabled: "Disabled" };
const RANK = { disabled: 0, exhausted: 1, cooling: 2, unsupported: 3, ok: 4 };

/** Columns by which one may sort: name -> [label, value of a key]. */
export const COLUMNS = {
  status: ["Status", (key) => RANK[key.status] ?? 9],
  key: ["Key", (key) => key.key],
  label: ["Label", (key) => key.label],
  project: ["Project", (key) => key.project],
  tier: ["Tier", (key) => key.tier],
  failures: ["Failures", (key) => key.failures],
  models: ["Models", (key) => key.models.length],
  requests_1h: ["Requests, 1 h", (key) => key.requests_1h],
  tokens_1h: ["Tokens, 1 h", (key) => key.tokens_1h],
  requests_24h: ["Requests, 24 h", (key) => key.requests_24h],
  tokens_24h: ["Tokens, 24 h", (key) => key.tokens_24h],
  last_error: ["Last error", (key) => key.last_error],
  last_used: ["Last used", (key) => key.last_used],
  added_at: ["Added", (key) => key.added_at],
};

/** A key that is typed or pasted whole is found by the ends that the masked one shows. */
function matches(key, words) {
  const text = `${key.key} ${key.label} ${key.project} ${key.status} ${key.reason} ${key.last_error} ${key.models
    .map((one) => one.model).join(" ")}`.toLowerCase();
  return words.every((word) => text.includes(word.toLowerCase()) || isWhole(word, key.key));
}

function isWhole(word, masked) {
  const [start, end] = masked.split("…");
  return word.length > 20 && Boolean(end) && word.startsWith(start) && word.endsWith(end);
}

/** filter: {status: "" or one, text, failures: at least, tier: "" or one} */
export function filterKeys(keys, { status = "", text = "", failures = 0, tier = "" }) {
  const words = text.split(/\s+/).filter(Boolean);
  return keys.filter((key) => (!status || key.status === status) && (!tier || key.tier === tier) &&
    key.failures >= failures && (!words.length || matches(key, words)));
}

/** sort: {by: a column's name, down: bool}. Keys that are equal stay in the order in which they were added. */
export function sortKeys(keys, { by, down }) {
  const value = COLUMNS[by][1];
  const sign = down ? -1 : 1;
  return [...keys].sort((a, b) => {
    const x = value(a);
    const y = value(b);
    if (x === y) return 0;
    if (x === "" || x == null) return 1;  // nothing to sort by comes last, in both directions
    if (y === "" || y == null) return -1;
    return x < y ? -sign : sign;
  });
}

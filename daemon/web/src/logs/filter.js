// What the lists of requests and errors are narrowed to. It lives in the page's address, so that it can be linked to.

const AGES = { "1m": 60_000, "1h": 3_600_000, "8h": 8 * 3_600_000, "24h": 24 * 3_600_000, "7d": 7 * 86_400_000 };
export const TIMES = [["", "Any time"], ["1m", "Last minute"], ["1h", "Last hour"], ["8h", "Last 8 hours"], ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"], ["month", "This month"], ["between", "From … to …"]];
export const STATUSES = ["failed", "2xx", "4xx", "5xx", "429", "400", "403", "500", "503"];

const iso = (time) => new Date(time).toISOString().replace(/\.\d+Z$/, "Z");

/** "1h" -> an hour ago; a time stays as it is. */
export function sinceOf(since, now = Date.now()) {
  if (AGES[since]) return iso(now - AGES[since]);
  if (since === "month") {
    const day = new Date(now);
    return iso(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1));
  }
  return since && since !== "between" ? since : "";
}

/** Which entry of TIMES that is. */
export const timeChoice = (since, until) => (AGES[since] || since === "month" ? since : since || until ? "between" : "");

/** The page's query -> the API's. */
export function apiQuery({ key, model, token, status, since, until, text }) {
  return { key, model, token, status, since: sinceOf(since), until, text };
}

function statusMatches(status, request) {
  if (!status) return true;
  if (status === "failed") return Boolean(request.failure) || request.status === 0 || request.status >= 400;
  if (/^[1-5]xx$/.test(status)) return String(request.status)[0] === status[0];
  return String(request.status) === status;
}

/** Whether a request that has just been made belongs into the list. */
export function matches(query, request) {
  if (query.until) return false;
  if (query.key && String(request.key_id) !== query.key) return false;
  if (query.model && request.model !== query.model) return false;
  if (query.token && request.token !== query.token) return false;
  if (query.text && !JSON.stringify(request).toLowerCase().includes(query.text.toLowerCase())) return false;
  return statusMatches(query.status, request);
}

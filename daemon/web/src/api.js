// Requests to the daemon's admin API. Every failure is an ApiError, whose message people can read.

export class ApiError extends Error {
  constructor(status, { kind = "", message = "", hint = "", field = "" } = {}, retryAfter = 0) {
    super(message || `the daemon answered ${status}`);
    Object.assign(this, { status, kind, hint, field, retryAfter });
  }
}

let csrf = "";
let onSessionEnd = () => {};

/** The value that shows that a request with the session's cookie comes from these pages. */
export const setCsrf = (value) => { csrf = value; };
export const whenSessionEnds = (handler) => { onSessionEnd = handler; };

/** "/path?a=1" of the members that have a value. */
export function withQuery(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

/** fetch() with what the session needs; the reply is the caller's to read. Throws ApiError when it is none of success. */
export async function open(method, path, body, { signal } = {}) {
  const headers = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET") headers["x-csrf-token"] = csrf;
  let reply;
  try {
    reply = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { kind: "network", message: "the daemon cannot be reached" });
  }
  if (reply.ok) return reply;

  const problem = (await reply.json().catch(() => ({}))).error;
  // A 401 of a model's answer may be upstream's: it says nothing about the session.
  if (reply.status === 401 && path.startsWith("/api/")) onSessionEnd();
  const known = typeof problem === "string" ? { message: problem } : problem;
  throw new ApiError(reply.status, known, Number(reply.headers.get("retry-after")) || 0);
}

async function json(method, path, body, options) {
  const reply = await open(method, path, body, options);
  return reply.json();
}

export const get = (path, query, options) => json("GET", withQuery(path, query), undefined, options);
export const post = (path, body = {}, options) => json("POST", path, body, options);
export const patch = (path, body) => json("PATCH", path, body);
export const remove = (path, body) => json("DELETE", path, body);

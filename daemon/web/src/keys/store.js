// All keys, kept up to date: changed ones are fetched by their ids.
import { get } from "../api.js";
import { onLive } from "../live.js";
import { createStore } from "../store.js";

/** Map of id -> key; null until known. */
export const keys = createStore(null);

const SLICE = 100;  // ids in one address

let wanted = new Set();
let timer = 0;
let watchers = 0;

let asked = 0;     // how often all were asked for
let answered = 0;  // the latest of these questions that was answered
let newer = new Map();  // id -> what was learned while all were on their way, and since which question; key: null when it is gone

const learn = (id, key) => { if (asked > answered) newer.set(String(id), { key, since: asked }); };

/** What was learned meanwhile is not overwritten by a reply that may be older. */
export async function loadKeys() {
  const turn = ++asked;
  const reply = await get("/api/admin/keys");
  if (turn < answered) return;
  answered = turn;
  const all = new Map(reply.keys.map((key) => [String(key.id), key]));
  for (const [id, { key, since }] of newer) {
    if (since < turn) continue;
    if (key) all.set(id, key);
    else all.delete(id);
  }
  if (answered === asked) newer = new Map();
  keys.set(all);
}

/** Puts keys that a request returned in the place of the old ones. */
export function mergeKeys(changed) {
  for (const key of changed) learn(key.id, key);
  if (!keys.get()) return;
  const next = new Map(keys.get());
  for (const key of changed) next.set(String(key.id), key);
  keys.set(next);
}

export function forgetKeys(ids) {
  for (const id of ids) learn(id, null);
  if (!keys.get()) return;
  const next = new Map(keys.get());
  for (const id of ids) next.delete(String(id));
  keys.set(next);
}

async function fetchWanted() {
  timer = 0;
  const ids = [...wanted];
  wanted = new Set();
  try {
    if (ids.length > 5 * SLICE) return await loadKeys();
    for (let i = 0; i < ids.length; i += SLICE) {
      const slice = ids.slice(i, i + SLICE);
      const reply = await get("/api/admin/keys", { ids: slice.join(",") });
      const there = new Set(reply.keys.map((key) => String(key.id)));
      mergeKeys(reply.keys);
      const gone = slice.filter((id) => !there.has(id));
      if (gone.length) forgetKeys(gone);
    }
  } catch {
    // The next event, or the reconnection, brings them.
  }
}

onLive("keys", (data) => {
  if (!watchers) return keys.set(null);  // nobody looks: fetched anew by who does
  if (data.all) return loadKeys().catch(() => {});
  for (const id of data.ids ?? []) wanted.add(String(id));
  timer ||= setTimeout(fetchWanted, 300);  // a busy pool changes many times a second
});
onLive("resync", () => { if (watchers) loadKeys().catch(() => {}); else keys.set(null); });

/** While something watches, changes are fetched. Returns how to stop. */
export function watchKeys() {
  watchers++;
  return () => { watchers--; };
}

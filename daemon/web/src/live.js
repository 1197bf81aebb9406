// What changes in the daemon, as it changes: one event stream for all pages.
import { useEffect } from "preact/hooks";
import { get } from "./api.js";
import { createStore } from "./store.js";

/** "off", "connecting", "live", or "lost" while it is tried again. */
export const liveState = createStore("off");

const EVENTS = ["keys", "request", "config", "tokens"];
const handlers = new Map([...EVENTS, "resync"].map((name) => [name, new Set()]));
const LONGEST_WAIT = 30_000;
const SLOW = 500;  // a connection that takes so long may have missed something

let source = null;
let retry = 0;
let wait = 1000;
let wasLive = false;

const tell = (name, data) => { for (const handler of [...handlers.get(name)]) handler(data); };

export function connect() {
  if (source) return;
  liveState.set(wasLive ? "lost" : "connecting");
  source = new EventSource("/api/admin/events");
  const begun = performance.now();
  source.onopen = () => {
    liveState.set("live");
    wait = 1000;
    if (wasLive || performance.now() - begun > SLOW) tell("resync");  // what happened meanwhile was missed
    wasLive = true;
  };
  source.onerror = () => {
    liveState.set("lost");
    if (source.readyState !== EventSource.CLOSED) return;  // the browser tries again by itself
    source = null;
    get("/api/admin/session").catch(() => {});  // the session may be what has ended: api.js sees to that
    retry = setTimeout(connect, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
  source.addEventListener("lost", () => tell("resync"));  // more happened than a slow reader is told
  for (const name of EVENTS) {
    source.addEventListener(name, (event) => {
      let data;
      try {
        data = JSON.parse(event.data || "{}");
      } catch {
        return;
      }
      tell(name, data);
    });
  }
}

export function disconnect() {
  clearTimeout(retry);
  source?.close();
  source = null;
  wasLive = false;
  liveState.set("off");
}

export function onLive(name, handler) {
  handlers.get(name).add(handler);
  return () => handlers.get(name).delete(handler);
}

/** Calls `handler` for these events ("resync": events may have been missed) while the component is there. */
export function useLive(name, handler, inputs = []) {
  useEffect(() => onLive(name, handler), [name, ...inputs]);
}

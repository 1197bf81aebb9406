// What the daemon counts, as it grows: asked for again each minute, and soon after a request.
import { useEffect } from "preact/hooks";
import { onLive } from "./live.js";

const EVERY = 60_000;
const STORED = 1000;     // a request is told of at once, and counted in the store a little later
const BETWEEN = 10_000;  // while requests come all the time

/** Calls the async `load(signal)` now, and then as said above; not while the page is hidden. */
export function useFresh(load, inputs = []) {
  useEffect(() => {
    let stop = null;  // of the latest question
    let soon = 0;
    let followed = 0;  // when the last one was asked for a request's sake
    let told = 0;
    let stale = false;
    const ask = () => {
      stop?.abort();
      stop = new AbortController();
      load(stop.signal).catch(() => {});  // what is shown stays until the next turn
    };
    const askIfSeen = () => {
      stale = document.hidden;
      if (!stale) ask();
    };
    const follow = () => {
      told = Date.now();
      soon ||= setTimeout(() => {
        soon = 0;
        followed = Date.now();
        askIfSeen();
        if (followed - told < STORED) follow();  // the latest request may have come too late to be counted
      }, Math.max(STORED, followed + BETWEEN - Date.now()));
    };
    const onShown = () => { if (stale) askIfSeen(); };
    ask();
    const timer = setInterval(askIfSeen, EVERY);
    const offs = [onLive("request", follow), onLive("resync", follow)];
    document.addEventListener("visibilitychange", onShown);
    return () => {
      stop.abort();
      clearInterval(timer);
      clearTimeout(soon);
      for (const off of offs) off();
      document.removeEventListener("visibilitychange", onShown);
    };
  }, inputs);
}

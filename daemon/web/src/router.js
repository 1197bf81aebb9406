// Addresses: each page has one, the browser's back button works, and links are ordinary links.
import { createStore } from "./store.js";

const here = () => ({ path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)) });

export const place = createStore(here());

// The daemon's own files, and downloads, are not ours to open.
const isPage = (url) => url.origin === location.origin && !/^\/(api|assets|v1|v1beta)\//.test(url.pathname);

/** A page with unsaved changes may keep the reader: returns false to stay. */
let mayLeave = () => true;
export const askBeforeLeaving = (ask) => { mayLeave = ask ?? (() => true); };

export function navigate(address, { replace = false } = {}) {
  const url = new URL(address, location.href);
  if (url.pathname !== location.pathname && !mayLeave()) return;
  history[replace ? "replaceState" : "pushState"]({}, "", url);
  place.set(here());
}

addEventListener("popstate", () => place.set(here()));

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || link.target || link.hasAttribute("download") || event.defaultPrevented) return;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (!isPage(url) || (url.pathname === location.pathname && url.hash)) return;
  event.preventDefault();
  navigate(url);
});

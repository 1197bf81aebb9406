// The daemon's totals.
import { get } from "./api.js";
import { createStore } from "./store.js";

/** null until known. */
export const overview = createStore(null);

let asked = 0;
let answered = 0;

export async function loadOverview() {
  const turn = ++asked;
  const got = await get("/api/admin/overview");
  if (turn < answered) return;  // overtaken
  answered = turn;
  overview.set(got);
}

/** Unless someone else has asked for them. */
export const needOverview = async () => { if (!asked) await loadOverview(); };

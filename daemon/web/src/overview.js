// The daemon's totals, kept up to date.
import { get } from "./api.js";
import { onLive } from "./live.js";
import { createStore } from "./store.js";

/** null until known. */
export const overview = createStore(null);

export const loadOverview = async () => overview.set(await get("/api/admin/overview"));

onLive("overview", (data) => overview.set(data));
onLive("resync", () => loadOverview().catch(() => {}));

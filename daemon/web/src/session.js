// Whether someone is logged in.
import { get, post, setCsrf, whenSessionEnds } from "./api.js";
import { createStore } from "./store.js";

/** state: "unknown" until asked, "in", "out". */
export const session = createStore({ state: "unknown", version: "" });

whenSessionEnds(() => session.set((old) => ({ ...old, state: "out" })));

function enter({ csrf, version = "" }) {
  setCsrf(csrf);
  session.set({ state: "in", version });
}

/** index.html has the browser ask while the scripts are on their way. */
export async function findSession() {
  try {
    enter(await get("/api/admin/session"));
  } catch (error) {
    session.set({ state: "out", version: "", problem: error.status === 401 ? "" : error.message });
  }
}

export async function logIn(token) {
  enter(await post("/login", { token }));
}

export async function logOut(everywhere = false) {
  try {
    await post("/logout", { everywhere });
  } finally {
    session.set({ state: "out", version: "" });
  }
}

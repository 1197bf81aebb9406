// The admin pages: one application, a real address for each page.
import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/keys.css";
import "./styles/pages.css";
import { render } from "preact";
import { useEffect, useErrorBoundary, useLayoutEffect } from "preact/hooks";
import { html } from "./html.js";
import { connect, disconnect } from "./live.js";
import { needOverview } from "./overview.js";
import { Empty } from "./parts/controls.js";
import { closeAllDialogs, Dialogs } from "./parts/dialog.js";
import { report, Toasts } from "./parts/toast.js";
import { navigate, place } from "./router.js";
import { findSession, session } from "./session.js";
import { Shell, Starting } from "./shell.js";
import { useStore } from "./store.js";
import { ConfigPage } from "./pages/config.js";
import { DocsPage } from "./pages/docs.js";
import { KeysPage } from "./pages/keys.js";
import { LogInPage } from "./pages/login.js";
import { LogsPage } from "./pages/logs.js";
import { PlayPage } from "./pages/play.js";
import { StatsPage } from "./pages/stats.js";
import { TokensPage } from "./pages/tokens.js";

const PAGES = {
  "/keys_status": { title: "Keys", Page: KeysPage },
  "/config": { title: "Configuration", Page: ConfigPage },
  "/error_logs": { title: "Errors and requests", Page: LogsPage },
  "/stats": { title: "Statistics", Page: StatsPage },
  "/play": { title: "Play", Page: PlayPage },
  "/tokens": { title: "Tokens", Page: TokensPage },
  "/docs": { title: "Docs", Page: DocsPage },
};
const FIRST = "/keys_status";

/** A fault of ours: better said than a blank page. */
const Broken = ({ error }) => html`
  <main><${Empty} icon="alert" title="This page broke"><p>${error.message}</p>
    <button class="button" onClick=${() => location.reload()}>Load it again</button><//></main>`;

function App() {
  const { path, query } = useStore(place);
  const { state } = useStore(session);
  const known = PAGES[path];

  // At once: events are listened to before the page that is drawn asks for anything.
  useLayoutEffect(() => {
    if (state === "in") {
      connect();
      return;
    }
    disconnect();
    closeAllDialogs();
    if (state === "out" && path !== "/login") {
      navigate(`/login?next=${encodeURIComponent(path + location.search)}`, { replace: true });
    }
  }, [state]);

  useEffect(() => { if (state === "in") needOverview().catch(report); }, [state]);

  useLayoutEffect(() => {
    if (state !== "in" || known) return;
    const next = query.next ?? "";
    navigate(PAGES[next.split("?")[0]] ? next : FIRST, { replace: true });
  }, [state, path]);

  useEffect(() => { document.title = `${known?.title ?? "Log in"} · gembal`; }, [path]);

  const [broken, repair] = useErrorBoundary();
  useEffect(() => { if (broken) repair(); }, [path]);

  if (broken) return html`<${Broken} error=${broken} />`;
  if (state === "unknown") return html`<${Starting} />`;
  if (state === "out") return html`<${LogInPage} />`;
  if (!known) return null;
  return html`<${Shell} path=${path} title=${known.title}><${known.Page} query=${query} /><//>`;
}

render(html`<${App} /><${Dialogs} /><${Toasts} />`, document.getElementById("app"));
findSession();

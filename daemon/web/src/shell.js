// What is around every page: the navigation, the live indicator, the theme, the way out.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { liveState } from "./live.js";
import { overview } from "./overview.js";
import { Icon } from "./parts/icon.js";
import { Menu } from "./parts/menu.js";
import { report, toast } from "./parts/toast.js";
import { logOut, session } from "./session.js";
import { useStore } from "./store.js";
import { chooseTheme, chosenTheme } from "./theme.js";

// Where, its name, its icon, and a shorter name where there is little room.
const LINKS = [
  ["/keys_status", "Keys", "key"],
  ["/error_logs", "Requests", "list"],
  ["/stats", "Statistics", "chart", "Stats"],
  ["/play", "Play", "play"],
  ["/tokens", "Tokens", "ticket"],
  ["/config", "Configuration", "sliders", "Config"],
  ["/docs", "Docs", "book"],
];
const THEMES = [["", "System", "screen"], ["light", "Light", "sun"], ["dark", "Dark", "moon"]];
const LIVE = {
  off: "Not connected", connecting: "Connecting", live: "Live", lost: "Connection lost, trying again",
};

export const Mark = () => html`
  <svg class="mark" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
    <rect width="32" height="32" rx="8" class="mark-back" />
    <path d="M10 8h12l4.500 6L16 25.500 5.500 14z" fill="#fff" />
    <path d="M10 8l6 17.500L22 8M5.500 14h21" fill="none" class="mark-lines" />
  </svg>`;

/** Until it is known who is there. index.html has the same, which is seen before the scripts have come. */
export const Starting = () => html`
  <div class="shell" aria-busy="true"><header class="side"><span class="brand"><${Mark} /><span>gembal</span></span></header></div>`;

function Live() {
  const state = useStore(liveState);
  return html`
    <span class=${`live ${state}`} role="status" title=${LIVE[state]}>
      <span class="live-dot"></span><span class="live-text">${state === "lost" ? "Reconnecting" : LIVE[state]}</span>
    </span>`;
}

function ThemeSwitch() {
  const [theme, setTheme] = useState(chosenTheme);
  return html`
    <div class="segments icons" role="group" aria-label="Colours">
      ${THEMES.map(([name, label, icon]) => html`
        <button aria-pressed=${theme === name} aria-label=${label} title=${label}
                onClick=${() => { chooseTheme(name); setTheme(name); }}><${Icon} name=${icon} /></button>`)}
    </div>`;
}

const leave = (everywhere) => logOut(everywhere).then(() => everywhere && toast("All sessions have ended")).catch(report);

const leaving = [
  { label: "Log out", icon: "exit", run: () => leave(false) },
  { label: "Log out everywhere", icon: "power", run: () => leave(true) },
];

export function Shell({ path, title, children }) {
  const { version } = useStore(session);
  const sandbox = useStore(overview)?.sandbox;
  const main = useRef();
  const first = useRef(true);

  // A new page is a new place to read from; the first one starts where every page starts. At once: a reader with a
  // keyboard is already on the way, and a focus that moves late takes the next key elsewhere.
  useLayoutEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    // Unless the page has a place of its own to begin at.
    if (!main.current.contains(document.activeElement)) main.current.focus({ preventScroll: true });
  }, [path]);

  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus(); }}>Skip to the page</a>
    <div class="shell">
      <header class="side">
        <a class="brand" href="/keys_status"><${Mark} /><span>gembal</span></a>
        <nav class="nav" aria-label="Pages">
          ${LINKS.map(([to, label, icon, less = label]) => html`
            <a href=${to} aria-current=${path === to ? "page" : null}><${Icon} name=${icon} /><span class="long">${label}</span><span class="less">${less}</span></a>`)}
        </nav>
        <div class="side-foot">
          <${Live} />
          <div class="side-tools">
            <${ThemeSwitch} />
            <${Menu} label="Log out" items=${leaving}><${Icon} name="exit" /><//>
          </div>
          <p class="version">gembal ${version}${sandbox && html` <span class="tag warn">sandbox</span>`}</p>
        </div>
      </header>
      <main id="main" ref=${main} tabindex="-1" aria-label=${title}>${children}</main>
    </div>`;
}

/** A page's heading with its buttons. */
export const PageHead = ({ title, lead, children }) => html`
  <div class="page-head">
    <div><h1>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}</div>
    <div class="page-actions">${children}</div>
  </div>`;

// Tries proxies out.
import { useEffect, useState } from "preact/hooks";
import { post } from "../api.js";
import { latency, plural } from "../format.js";
import { html } from "../html.js";
import { Problem, Progress } from "../parts/controls.js";
import { Dialog, openDialog } from "../parts/dialog.js";

const SLICE = 8;

/** Passwords are not for the screen. */
export const shownProxy = (proxy) => proxy.replace(/^(.*?\/\/|(?!.*\/\/))([^:@]*):.*@/, "$1$2:…@");

function CheckProxies({ proxies: all, onClose }) {
  const [turn, setTurn] = useState(all);
  const [results, setResults] = useState(new Map());
  const [error, setError] = useState(null);
  const [running, setRunning] = useState(true);
  useEffect(() => {
    const controller = new AbortController();
    (async () => {
      setRunning(true);
      setError(null);
      try {
        for (let i = 0; i < turn.length; i += SLICE) {
          const slice = turn.slice(i, i + SLICE);
          const reply = await post("/api/admin/proxies/check", { proxies: slice }, { signal: controller.signal });
          // Answers come in the order of the question.
          setResults((old) => new Map([...old, ...reply.proxies.map((one, at) => [slice[at], one])]));
        }
      } catch (failure) {
        if (failure.name !== "AbortError") setError(failure);
      }
      if (!controller.signal.aborted) setRunning(false);
    })();
    return () => controller.abort();
  }, [turn]);
  const failed = [...results].filter(([, one]) => !one.works).map(([proxy]) => proxy);
  const working = results.size - failed.length;
  return html`
    <${Dialog} title=${`Check ${plural(all.length, "proxy", "proxies")}`} size="wide" onClose=${() => onClose(null)} footer=${html`
        ${!running && failed.length > 0 && html`
          <button class="button" onClick=${() => setTurn(failed)}>Try ${failed.length} again</button>
          <button class="button danger" onClick=${() => onClose(failed)}>Take ${failed.length} off the list</button>`}
        <button class="button primary" onClick=${() => onClose(null)}>Close</button>`}>
      <${Progress} value=${results.size} of=${all.length} label="Proxies checked" />
      <p role="status" class="check-summary">${running ? "Checking" : "Checked"} ${results.size} of ${all.length}:
        <b class="good-text"> ${working} working</b>, <b class="bad-text">${failed.length} not</b></p>
      <${Problem} error=${error} />
      <ul class="proxy-results">${all.map((proxy) => {
        const one = results.get(proxy);
        return html`<li key=${proxy}><code class="clip">${shownProxy(proxy)}</code>
          ${one ? html`<span class=${`status ${one.works ? "ok" : "disabled"}`}><span class="dot"></span>${one.works ? "Works" : "Fails"}</span>
            <span class="muted">${one.works ? latency(one.latency_ms) : one.message}</span>` : html`<span class="muted">…</span>`}</li>`;
      })}</ul>
    <//>`;
}

/** Resolves to those that are to be taken off the list. */
export const checkProxies = (proxies) => openDialog(CheckProxies, { proxies }).then((answer) => answer ?? []);

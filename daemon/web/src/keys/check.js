// Asks the Gemini API what it thinks of keys: progress while it goes on, then a result for each.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { post } from "../api.js";
import { latency, plural } from "../format.js";
import { html } from "../html.js";
import { Problem, Progress, Segments } from "../parts/controls.js";
import { Dialog } from "../parts/dialog.js";
import { VirtualRows } from "../parts/virtual.js";
import { disable, removeKeys } from "./actions.js";
import { isBad, Verdict } from "./state.js";
import { keys, loadKeys } from "./store.js";

const SLICE = 32;
const ROW = 44;
const rowHeight = () => ROW;

export function CheckDialog({ ids: all, onClose }) {
  const [ids, setIds] = useState(all);
  const [results, setResults] = useState([]);
  const [error, setError] = useState(null);
  const [running, setRunning] = useState(true);
  const [shown, setShown] = useState("all");
  const stop = useRef(new AbortController());

  useEffect(() => {
    const controller = stop.current = new AbortController();
    (async () => {
      setRunning(true);
      setError(null);
      try {
        for (let i = 0; i < ids.length && !controller.signal.aborted; i += SLICE) {
          const slice = ids.slice(i, i + SLICE);
          const reply = await post("/api/admin/keys/bulk", { ids: slice, action: "check" }, { signal: controller.signal });
          const again = new Set(reply.keys.map((one) => one.id));
          setResults((old) => [...old.filter((one) => !again.has(one.id)), ...reply.keys]);
        }
      } catch (failure) {
        if (failure.name !== "AbortError") setError(failure);
      }
      setRunning(false);
      if (keys.get()) loadKeys().catch(() => {});
    })();
    return () => controller.abort();
  }, [ids]);

  const bad = useMemo(() => results.filter((one) => isBad(one.verdict)), [results]);
  const unsure = useMemo(() => results.filter((one) => one.verdict === "unreachable"), [results]);
  const good = results.length - bad.length - unsure.length;
  const rows = { all: results, bad, unsure, good: results.filter((one) => !bad.includes(one) && !unsure.includes(one)) }[shown];
  const idsOf = (some) => some.map((one) => String(one.id));
  const known = keys.get() ?? new Map();

  const footer = running
    ? html`<button class="button" onClick=${() => stop.current.abort()}>Stop</button>`
    : html`
      ${unsure.length > 0 && html`<button class="button" onClick=${() => setIds(idsOf(unsure))}>Try ${unsure.length} again</button>`}
      ${bad.length > 0 && html`
        <button class="button" onClick=${() => disable(idsOf(bad))}>Disable ${bad.length} bad</button>
        <button class="button danger" onClick=${() => removeKeys(idsOf(bad))}>Delete ${bad.length} bad</button>`}
      <button class="button primary" onClick=${() => onClose()}>Done</button>`;
  return html`
    <${Dialog} title=${`Check ${plural(all.length, "key")}`} size="wide" onClose=${() => onClose()} footer=${footer}>
      <${Progress} value=${results.length} of=${all.length} label="Keys checked" />
      <p role="status" class="check-summary">${running ? "Checking" : "Checked"} ${results.length} of ${all.length}:
        <b class="good-text"> ${good} usable</b>, <b class="bad-text">${bad.length} bad</b>, ${unsure.length} not reached</p>
      <${Problem} error=${error} />
      <${Segments} label="Results shown" value=${shown} onChange=${setShown}
         options=${[["all", "All"], ["good", "Usable"], ["bad", "Bad"], ["unsure", "Not reached"]]} />
      <div class="check-results" tabindex="0" role="group" aria-label="Results">
        <${VirtualRows} rows=${rows} height=${rowHeight} role="list" draw=${(one, _, slot) => html`
          <div class="check-row" role="listitem" key=${slot}>
            <code>${known.get(String(one.id))?.key ?? one.id}</code>
            <${Verdict} verdict=${one.verdict} />
            <span class="muted clip" title=${one.message}>${one.message}</span>
            <span class="number muted">${latency(one.latency_ms)}</span>
          </div>`} />
      </div>
    <//>`;
}

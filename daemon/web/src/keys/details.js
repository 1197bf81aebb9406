// Everything about one key.
import { useEffect, useState } from "preact/hooks";
import { get, post } from "../api.js";
import { ago, clock, count, fullTime, latency, percent, plural } from "../format.js";
import { html } from "../html.js";
import { Field, Problem, Segments, Switch, useBusy } from "../parts/controls.js";
import { Dialog } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { report, toast } from "../parts/toast.js";
import { useStore } from "../store.js";
import { StatusCode } from "../logs/parts.js";
import { showError } from "../logs/details.js";
import { copyKeys, disable, editKey, enable, removeKey, reset } from "./actions.js";
import { ModelStates, Status, Tier, Verdict } from "./state.js";
import { keys } from "./store.js";
import { useNow } from "../clock.js";

const SPANS = { "1h": 3_600_000, "8h": 8 * 3_600_000, "24h": 24 * 3_600_000 };
const MOST = 200;

const Fact = ({ name, children }) => html`<div class="fact"><dt>${name}</dt><dd>${children}</dd></div>`;

function Edit({ found }) {
  const [fields, setFields] = useState({ label: found.label, project: found.project, paid: found.tier === "paid" });
  const [busy, run] = useBusy();
  const changed = fields.label !== found.label || fields.project !== found.project || fields.paid !== (found.tier === "paid");
  const save = (event) => {
    event.preventDefault();
    run(() => editKey(found.id, fields).then(() => toast("Key saved"), report));
  };
  const set = (name) => (event) => setFields({ ...fields, [name]: event.target.value });
  return html`
    <form class="key-edit" onSubmit=${save}>
      <${Field} label="Label"><input class="input" value=${fields.label} onInput=${set("label")} /><//>
      <${Field} label="Project"><input class="input" value=${fields.project} onInput=${set("project")} /><//>
      <label class="inline-switch"><${Switch} checked=${fields.paid} onChange=${(paid) => setFields({ ...fields, paid })} /> Paid tier</label>
      <button class="button" disabled=${!changed || busy}>Save</button>
    </form>`;
}

/** Its requests or errors in the time chosen. */
function Calls({ id }) {
  const [what, setWhat] = useState("requests");
  const [span, setSpan] = useState("1h");
  const [reply, setReply] = useState(null);
  useEffect(() => {
    const stop = new AbortController();
    setReply(null);
    const since = new Date(Date.now() - SPANS[span]).toISOString().replace(/\.\d+Z$/, "Z");
    get(`/api/admin/${what}`, { key: id, since, limit: MOST }, { signal: stop.signal })
      .then((got) => setReply({ rows: got[what], more: Boolean(got.next) }), report);
    return () => stop.abort();
  }, [id, what, span]);

  const rows = reply?.rows ?? [];
  const failed = rows.filter((row) => row.failure || row.status >= 400 || row.status === 0).length;
  return html`
    <div class="calls-head">
      <${Segments} label="What" value=${what} onChange=${(next) => { setReply(null); setWhat(next); }} options=${[["requests", "Requests"], ["errors", "Errors"]]} />
      <${Segments} label="Time" value=${span} onChange=${setSpan} options=${Object.keys(SPANS).map((name) => [name, name.replace("h", " h")])} />
      <p class="muted" role="status">${!reply ? "Loading…" : what === "requests"
        ? `${plural(rows.length, "request")}${reply.more ? " or more" : ""}, ${percent(rows.length - failed, rows.length)} successful`
        : `${plural(rows.length, "error")}${reply.more ? " or more" : ""}`}</p>
    </div>
    <div class="mini-table" tabindex="0" role="group" aria-label=${what}>
      ${reply && (rows.length ? html`<table>
        <thead><tr><th>Time</th><th>Status</th><th>Model</th><th>${what === "requests" ? "Token" : "Kind"}</th>
          <th class=${what === "requests" ? "number" : ""}>${what === "requests" ? "Time taken" : "Message"}</th></tr></thead>
        <tbody>${rows.map((row) => html`
          <tr key=${row.id}>
            <td class="nowrap">${clock(row.time)}</td><td><${StatusCode} status=${row.status} /></td><td><code>${row.model}</code></td>
            <td>${what === "requests" ? row.token : row.kind}</td>
            <td class=${what === "requests" ? "number nowrap" : ""}>${what === "requests" ? latency(row.ms)
              : html`<button class="link left" onClick=${() => showError(row.id)}>${row.message}</button>`}</td>
          </tr>`)}</tbody>
      </table>` : html`<p class="muted pad">None in this time.</p>`)}
    </div>`;
}

export function DetailsDialog({ id, onClose }) {
  const found = useStore(keys)?.get(String(id));
  const [verdict, setVerdict] = useState(null);
  const [error, setError] = useState(null);
  const [busy, run] = useBusy();
  const now = useNow(10_000);
  // The key may have been deleted meanwhile, here or elsewhere.
  if (!found) {
    return html`<${Dialog} title="Key" onClose=${() => onClose()}><p>This key is no longer in the store.</p><//>`;
  }
  const check = () => run(async () => {
    setError(null);
    try {
      setVerdict(await post(`/api/admin/keys/${id}/check`));
    } catch (failure) {
      setError(failure);
    }
  });
  const ids = [String(id)];
  return html`
    <${Dialog} title=${html`<code>${found.key}</code>`} size="wide" onClose=${() => onClose()} footer=${html`
        <button class="button danger ghost push" onClick=${() => removeKey(id).then((gone) => gone && onClose(), report)}><${Icon} name="trash" />Delete</button>
        <button class="button" onClick=${() => copyKeys(ids)}><${Icon} name="copy" />Copy</button>
        <button class="button" onClick=${() => reset(ids)}><${Icon} name="reset" />Reset</button>
        ${found.status === "disabled"
          ? html`<button class="button" onClick=${() => enable(ids)}><${Icon} name="power" />Enable</button>`
          : html`<button class="button" onClick=${() => disable(ids)}><${Icon} name="pause" />Disable</button>`}
        <button class="button primary" autofocus disabled=${busy} onClick=${check}><${Icon} name="pulse" />${busy ? "Checking…" : "Check"}</button>`}>
      <div role="status">${verdict && html`<p class="banner"><${Verdict} verdict=${verdict.verdict} />
        <span>${verdict.message} <span class="muted">${latency(verdict.latency_ms)}</span></span></p>`}</div>
      <${Problem} error=${error} />
      <dl class="facts">
        <${Fact} name="Status"><${Status} status=${found.status} until=${found.until} />${found.reason && html`<div class="muted">${found.reason}</div>`}<//>
        <${Fact} name="Tier"><${Tier} tier=${found.tier} /><//>
        <${Fact} name="Failures in a row">${count(found.failures)}<//>
        <${Fact} name="Last hour">${plural(found.requests_1h, "request")}, ${count(found.tokens_1h)} tokens<//>
        <${Fact} name="Last 24 hours">${plural(found.requests_24h, "request")}, ${count(found.tokens_24h)} tokens<//>
        <${Fact} name="Last used"><span title=${fullTime(found.last_used)}>${ago(found.last_used, now)}</span><//>
        <${Fact} name="Added"><span title=${fullTime(found.added_at)}>${ago(found.added_at, now)}</span><//>
        ${found.last_error && html`<${Fact} name="Last error">${found.last_error}<//>`}
      </dl>
      <${Edit} key=${`${found.label} ${found.project} ${found.tier}`} found=${found} />
      ${found.models.length > 0 && html`<h3>Models</h3><${ModelStates} models=${found.models} />`}
      <h3>Calls</h3>
      <${Calls} id=${id} />
    <//>`;
}

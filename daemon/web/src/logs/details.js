// One request or one error, whole: each field can be copied.
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { copy } from "../clipboard.js";
import { count, fullTime, latency } from "../format.js";
import { html } from "../html.js";
import { keys } from "../keys/store.js";
import { Problem } from "../parts/controls.js";
import { Dialog, openDialog } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { StatusCode } from "./parts.js";

/** JSON is laid out; anything else stays as it is. */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const Copy = ({ name, text }) => html`
  <button class="icon-button small" aria-label=${`Copy: ${name}`} onClick=${() => copy(String(text), name.toLowerCase())}><${Icon} name="copy" size=${14} /></button>`;

const Line = ({ name, value, children }) => (value === "" || value == null) ? null : html`
  <div class="detail"><dt>${name}</dt><dd>${children ?? String(value)}</dd><${Copy} name=${name} text=${value} /></div>`;

const Text = ({ name, text, without }) => html`
  <section class="body-text">
    <header><h3>${name}</h3>${text && html`<${Copy} name=${name} text=${text} />`}</header>
    ${text ? html`<pre tabindex="0" aria-label=${name}>${pretty(text)}</pre>` : html`<p class="muted small">${without}</p>`}
  </section>`;

const keyText = (id) => {
  const key = keys.get()?.get(String(id));
  return key ? `${key.key}${key.label ? ` (${key.label})` : ""}` : id;
};

/** Fetches it, and shows what `draw` makes of it. */
function Fetched({ title, address, draw, onClose }) {
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => { get(address).then(setFound, setError); }, [address]);
  return html`
    <${Dialog} title=${title} size="wide" onClose=${() => onClose()} footer=${html`
        ${found && html`<button class="button" onClick=${() => copy(JSON.stringify(found, null, 2), "everything as JSON")}><${Icon} name="copy" />Copy all</button>`}
        <button class="button primary" onClick=${() => onClose()}>Close</button>`}>
      <${Problem} error=${error} />
      ${found ? draw(found) : !error && html`<p class="muted" role="status">Loading…</p>`}
    <//>`;
}

const drawError = (one) => html`
  <dl class="details">
    <${Line} name="Message" value=${one.message} />
    <${Line} name="Status" value=${one.status}><${StatusCode} status=${one.status} /> <span class="muted">${one.kind}</span><//>
    <${Line} name="Time" value=${fullTime(one.time)} />
    <${Line} name="Key" value=${keyText(one.key_id)} />
    <${Line} name="Model" value=${one.model} />
    <${Line} name="Token" value=${one.token} />
    <${Line} name="Path" value=${one.path} />
    <${Line} name="Request" value=${one.request_id}>
      <button class="link" onClick=${() => showRequest(one.request_id)}>${one.request_id}</button><//>
  </dl>
  <${Text} name="What was sent" text=${one.request} without="Not kept: requests are kept, redacted, while logs.bodies is on." />
  <${Text} name="What came back" text=${one.reply} without="Nothing came back, or it was not kept." />`;

const drawRequest = (one) => html`
  <dl class="details">
    <${Line} name="Status" value=${one.status}><${StatusCode} status=${one.status} /> <span class="muted">${one.failure}</span><//>
    <${Line} name="Time" value=${fullTime(one.time)} />
    <${Line} name="Path" value=${`${one.method} ${one.path}`} />
    <${Line} name="Model" value=${one.model} />
    <${Line} name="Key" value=${keyText(one.key_id)} />
    <${Line} name="Token" value=${one.token} />
    <${Line} name="Attempts" value=${one.attempts} />
    <${Line} name="Tokens" value=${`${count(one.prompt_tokens)} in, ${count(one.output_tokens)} out, ${count(one.total_tokens)} in all`} />
    <${Line} name="First byte" value=${latency(one.first_ms)} />
    <${Line} name="Time taken" value=${latency(one.ms)} />
    <${Line} name="Id" value=${one.id} />
  </dl>
  ${one.errors?.length > 0 && html`
    <h3>What went wrong on the way</h3>
    <ul class="error-steps">${one.errors.map((error) => html`
      <li key=${error.id}><button onClick=${() => showError(error.id)}>
        <${StatusCode} status=${error.status} /><code>${keyText(error.key_id)}</code><span class="two-lines">${error.message}</span>
        <${Icon} name="right" /></button></li>`)}</ul>`}`;

export const showError = (id) =>
  openDialog(Fetched, { title: "Error", address: `/api/admin/errors/${encodeURIComponent(id)}`, draw: drawError });
export const showRequest = (id) =>
  openDialog(Fetched, { title: "Request", address: `/api/admin/requests/${encodeURIComponent(id)}`, draw: drawRequest });

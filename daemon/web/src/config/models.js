// Picks models from those that the keys can use.
import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api.js";
import { plural } from "../format.js";
import { html } from "../html.js";
import { Problem, Search } from "../parts/controls.js";
import { Dialog, openDialog } from "../parts/dialog.js";

function Picker({ title, chosen, many, onClose }) {
  const [models, setModels] = useState(null);
  const [error, setError] = useState(null);
  const [text, setText] = useState("");
  const [picked, setPicked] = useState(() => new Set(chosen));
  useEffect(() => { get("/api/admin/models").then((reply) => setModels(reply.models), setError); }, []);

  // Names that the list does not have, such as patterns, stay in view: they are part of the setting.
  const all = useMemo(() => {
    const listed = models ?? [];
    const ids = new Set(listed.map((one) => one.id));
    return [...chosen.filter((id) => id && !ids.has(id)).map((id) => ({ id, display_name: "" })), ...listed];
  }, [models]);
  const wanted = text.toLowerCase();
  const shown = all.filter((one) => `${one.id} ${one.display_name}`.toLowerCase().includes(wanted));
  const toggle = (id) => {
    if (!many) return onClose([id]);
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
  };
  const list = () => [...chosen.filter((id) => picked.has(id)), ...[...picked].filter((id) => !chosen.includes(id))];
  return html`
    <${Dialog} title=${title} onClose=${() => onClose(null)} footer=${html`
        <button class="button" onClick=${() => onClose(null)}>Cancel</button>
        ${many && html`<button class="button primary" onClick=${() => onClose(list())}>Use ${plural(picked.size, "model")}</button>`}`}>
      <${Problem} error=${error} />
      <${Search} label="Search models" value=${text} onInput=${setText} />
      <div class="picker" tabindex="0" role="group" aria-label="Models">
        ${!models && !error && html`<p class="muted pad" role="status">Loading…</p>`}
        ${shown.map((one) => many
          ? html`<label key=${one.id} class="pick"><input type="checkbox" checked=${picked.has(one.id)} onChange=${() => toggle(one.id)} />
              <code>${one.id}</code><span class="muted clip">${one.display_name}</span></label>`
          : html`<button key=${one.id} class="pick" aria-pressed=${picked.has(one.id)} onClick=${() => toggle(one.id)}>
              <code>${one.id}</code><span class="muted clip">${one.display_name}</span></button>`)}
        ${models && !shown.length && html`<p class="muted pad">No model matches.</p>`}
      </div>
    <//>`;
}

/** The models chosen, in their order; null when nothing is to change. */
export const pickModels = (title, chosen) => openDialog(Picker, { title, chosen, many: true }).then((answer) => answer ?? null);
export const pickModel = (title, chosen) =>
  openDialog(Picker, { title, chosen: [chosen], many: false }).then((answer) => answer?.[0] ?? null);

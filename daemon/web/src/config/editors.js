// A fitting field for each type of setting. All get {setting, value, onChange, id, describedBy, bad}.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { post } from "../api.js";
import { copy } from "../clipboard.js";
import { plural } from "../format.js";
import { html } from "../html.js";
import { Select, Switch } from "../parts/controls.js";
import { Icon } from "../parts/icon.js";
import { report } from "../parts/toast.js";
import { pickModel, pickModels } from "./models.js";
import { checkProxies, shownProxy } from "./proxies.js";
import { fromPairs, inWords, isModel, isModelList, isPairs, isProxies, isToken, newToken, pairsOf, same } from "./values.js";

const field = ({ id, describedBy, bad, setting }) => ({
  id, "aria-label": setting.key, "aria-describedby": describedBy, "aria-invalid": Boolean(bad), autocomplete: "off", spellcheck: false,
});

function TextEditor(props) {
  const { setting, value, onChange } = props;
  const narrow = ["integer", "number", "duration", "size"].includes(setting.type);
  return html`
    <div class="editor-row">
      <input class=${`input ${narrow ? "narrow" : ""}`} ...${field(props)} value=${value} inputmode=${setting.type === "integer" ? "numeric" : null}
             placeholder=${{ duration: "30s", size: "64KiB" }[setting.type] ?? ""} onInput=${(event) => onChange(event.target.value)} />
      ${isModel(setting) && html`<button class="button small" onClick=${async () => {
        const picked = await pickModel(setting.key, value);
        if (picked !== null) onChange(picked);
      }}>Pick…</button>`}
    </div>`;
}

const BooleanEditor = ({ setting, value, onChange, id, describedBy }) =>
  html`<${Switch} id=${id} checked=${value} onChange=${onChange} label=${setting.key} describedBy=${describedBy} />`;

const ChoiceEditor = (props) => html`
  <${Select} label=${props.setting.key} className="auto" value=${props.value} onChange=${props.onChange} id=${props.id} aria-describedby=${props.describedBy}
    options=${[...new Set([...props.setting.choices, props.value])].map((one) => [one, one || "(none)"])} />`;

/** The whole value of a secret setting, once asked for: [whole or undefined, button]. It is forgotten with the page. */
function useReveal(setting) {
  const [whole, setWhole] = useState(undefined);
  const toggle = async () => {
    if (whole !== undefined) return setWhole(undefined);
    try {
      setWhole((await post("/api/admin/config/reveal", { keys: [setting.key] })).values[setting.key]);
    } catch (error) {
      report(error);
    }
  };
  const button = html`<button class="icon-button small" aria-pressed=${whole !== undefined} aria-label=${`Show ${setting.key} as it is`} onClick=${toggle}>
    <${Icon} name=${whole === undefined ? "eye" : "eye-off"} size=${14} /></button>`;
  return [whole, button];
}

/** The ref of a field that has the focus once `which` has changed: what had it is gone then. */
function useFollowed(which) {
  const input = useRef();
  const first = useRef(true);
  useLayoutEffect(() => {
    if (!first.current) input.current?.focus();
    first.current = false;
  }, [which]);
  return input;
}

/** One sees that there is a secret, the secret itself when asked, and can put another in its place. */
function SecretEditor(props) {
  const { setting, value, onChange } = props;
  const [shown, setShown] = useState(false);
  const changed = value !== setting.value;
  const [open, setOpen] = useState(false);
  const input = useFollowed(open);
  const [whole, reveal] = useReveal(setting);
  if (!open && !changed) {
    return html`
      <div class="editor-row">
        <span class="masked">${value ? html`<code>${whole ?? value}</code>` : html`<span class="muted">none</span>`}</span>
        ${value && reveal}
        <button class="button small" onClick=${() => setOpen(true)}>${value ? "Replace" : "Set"}</button>
        ${value && html`<button class="button small ghost" onClick=${() => onChange("")}>Clear</button>`}
      </div>`;
  }
  const typed = changed ? value : "";
  return html`
    <div class="editor-row">
      <span class="with-button grow"><input ref=${input} class="input" ...${field(props)} type=${shown ? "text" : "password"} value=${typed} placeholder="New value"
        onInput=${(event) => onChange(event.target.value || setting.value)} />
        <button class="icon-button" aria-label="Show what is typed" aria-pressed=${shown} onClick=${() => setShown(!shown)}><${Icon} name=${shown ? "eye-off" : "eye"} /></button></span>
      ${isToken(setting) && html`<button class="button small" onClick=${() => { const token = newToken(); onChange(token); setShown(true); copy(token, "the new token"); }}>
        <${Icon} name="key" size=${14} />Generate</button>`}
      <button class="button small ghost" onClick=${() => { setOpen(false); onChange(setting.value); }}>Keep</button>
    </div>`;
}

const linesOf = (text) => text.split(/[\n,]+/).map((line) => line.trim()).filter(Boolean);

function ListEditor(props) {
  const { setting, value: items, onChange } = props;
  const [typed, setTyped] = useState("");
  const [bulk, setBulk] = useState(null);
  const input = useFollowed(bulk !== null);
  const old = setting.secret ? setting.value ?? [] : [];
  const [whole, reveal] = useReveal(setting);
  const masked = (item) => (old.includes(item) ? whole?.[old.indexOf(item)] ?? item : isProxies(setting) ? shownProxy(item) : item.slice(0, 10) + "…");
  const add = (more) => onChange([...items, ...more.filter((one, at) => !items.includes(one) && more.indexOf(one) === at)]);
  const addTyped = () => {
    if (!typed.trim()) return;
    add([typed.trim()]);
    setTyped("");
  };
  const removeAt = (at) => onChange(items.filter((_, i) => i !== at));
  const check = async (some) => {
    const dead = await checkProxies(some);
    if (dead.length) onChange(items.filter((one) => !dead.includes(one)));
  };
  if (bulk !== null) {
    const lines = bulk.split("\n").map((line) => line.trim()).filter(Boolean);
    return html`
      <div class="list-editor">
        <textarea ref=${input} class="input code" rows="8" aria-label=${`${setting.key}, one per line`} value=${bulk} onInput=${(event) => setBulk(event.target.value)}></textarea>
        <div class="editor-row"><button class="button small primary" onClick=${() => { setting.secret ? add(lines) : onChange([...new Set(lines)]); setBulk(null); }}>
            ${setting.secret ? `Add ${plural(lines.length, "line")}` : `Use ${plural(lines.length, "line")}`}</button>
          <button class="button small ghost" onClick=${() => setBulk(null)}>Cancel</button></div>
      </div>`;
  }
  return html`
    <div class="list-editor">
      ${items.length > 0 && html`<ul class="list-items">
        ${items.map((item, at) => html`<li key=${at}>
          ${setting.secret
            ? html`<code class="masked-item">${masked(item)}</code>${!old.includes(item) && html`<span class="tag accent">new</span>`}`
            : html`<input class="input plain" aria-label=${`${setting.key}, entry ${at + 1}`} value=${item} spellcheck=${false}
                onInput=${(event) => onChange(items.map((one, i) => (i === at ? event.target.value : one)))} />`}
          ${isProxies(setting) && html`<button class="button small ghost" onClick=${() => check([item])}>Check</button>`}
          <button class="icon-button small" aria-label=${`Remove ${setting.secret ? `entry ${at + 1}` : item}`} onClick=${() => removeAt(at)}><${Icon} name="x" size=${14} /></button></li>`)}
      </ul>`}
      <div class="editor-row">
        <input ref=${input} class="input" ...${field(props)} placeholder="Add…" value=${typed} onInput=${(event) => setTyped(event.target.value)}
               onKeyDown=${(event) => { if (event.key === "Enter") { event.preventDefault(); addTyped(); } }}
               onPaste=${(event) => {
                 const lines = linesOf(event.clipboardData.getData("text"));
                 if (lines.length < 2 || !event.clipboardData.getData("text").includes("\n")) return;
                 event.preventDefault();
                 add(lines);
               }} />
        <button class="button small" disabled=${!typed.trim()} onClick=${addTyped}>Add</button>
      </div>
      <div class="editor-row wrap">
        ${setting.secret && old.length > 0 && reveal}
        ${isModelList(setting) && html`<button class="button small" onClick=${async () => {
          const picked = await pickModels(setting.key, items);
          if (picked) onChange(picked);
        }}><${Icon} name="list" size=${14} />Pick models…</button>`}
        ${isToken(setting) && html`<button class="button small" onClick=${() => { const token = newToken(); add([token]); copy(token, "the new token"); }}>
          <${Icon} name="key" size=${14} />Generate one</button>`}
        <button class="button small ghost" onClick=${() => setBulk(setting.secret ? "" : items.join("\n"))}>${setting.secret ? "Add in bulk" : "Edit as text"}</button>
        ${isProxies(setting) && items.length > 0 && html`<button class="button small" onClick=${() => check(items)}><${Icon} name="pulse" size=${14} />Check all</button>`}
        ${items.length > 1 && html`<button class="button small ghost" onClick=${() => onChange([])}>Remove all ${items.length}</button>`}
      </div>
    </div>`;
}

const SAFETY = ["HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT", "CIVIC_INTEGRITY"];
const THRESHOLDS = ["OFF", "BLOCK_NONE", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_LOW_AND_ABOVE"];

/** Rows of a name and a value. A name may be half typed, so the rows are kept beside the value. */
function PairsEditor(props) {
  const { setting, value, onChange } = props;
  const asList = Array.isArray(value);
  const [rows, setRows] = useState(() => pairsOf(value));
  // Discarded or saved meanwhile: what is shown follows.
  const shown = same(fromPairs(rows, asList), fromPairs(pairsOf(value), asList)) ? rows : pairsOf(value);
  const update = (next) => { setRows(next); onChange(fromPairs(next, asList)); };
  const change = (at, part, text) => update(shown.map((row, i) => (i !== at ? row : part ? [row[0], text] : [text, row[1]])));
  const safety = setting.key.startsWith("safety.");
  return html`
    <div class="list-editor">
      ${shown.length > 0 && html`<ul class="list-items">${shown.map(([name, one], at) => html`<li key=${at}>
        <input class="input plain" aria-label=${`${setting.key}, name ${at + 1}`} placeholder=${safety ? "CATEGORY" : "name"} list=${safety ? "safety-categories" : null} value=${name} onInput=${(event) => change(at, 0, event.target.value)} />
        <${Icon} name="right" size=${12} />
        <input class="input plain" aria-label=${`${setting.key}, value of ${name || at + 1}`} placeholder=${safety ? "THRESHOLD" : "value"} list=${safety ? "safety-thresholds" : null} value=${one} onInput=${(event) => change(at, 1, event.target.value)} />
        <button class="icon-button small" aria-label=${`Remove ${name}`} onClick=${() => update(shown.filter((_, i) => i !== at))}><${Icon} name="x" size=${14} /></button></li>`)}</ul>`}
      <div class="editor-row"><button class="button small" id=${props.id} aria-describedby=${props.describedBy} onClick=${() => setRows([...shown, ["", ""]])}><${Icon} name="plus" size=${14} />Add a row</button></div>
      ${safety && html`<datalist id="safety-categories">${SAFETY.map((one) => html`<option value=${one} />`)}</datalist>
        <datalist id="safety-thresholds">${THRESHOLDS.map((one) => html`<option value=${one} />`)}</datalist>`}
    </div>`;
}

/** A setting that can only be set elsewhere. */
const Fixed = ({ setting }) => html`<p class="muted small">${inWords(setting, setting.value)} <br />This cannot be changed here.</p>`;

export function Editor(props) {
  const { type, secret, choices, fixed } = props.setting;
  if (fixed) return html`<${Fixed} ...${props} />`;
  if (type === "boolean") return html`<${BooleanEditor} ...${props} />`;
  if (isPairs(props.setting)) return html`<${PairsEditor} ...${props} />`;
  if (type === "list") return html`<${ListEditor} ...${props} />`;
  if (type === "secret" || secret) return html`<${SecretEditor} ...${props} />`;
  if (choices?.length) return html`<${ChoiceEditor} ...${props} />`;
  return html`<${TextEditor} ...${props} />`;
}

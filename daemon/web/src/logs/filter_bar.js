// The fields above the list.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { get } from "../api.js";
import { toIso, toLocalInput } from "../format.js";
import { html } from "../html.js";
import { keys } from "../keys/store.js";
import { Search, Select, useDebounced } from "../parts/controls.js";
import { Icon } from "../parts/icon.js";
import { useStore } from "../store.js";
import { STATUSES, TIMES, timeChoice } from "./filter.js";

const SUGGESTED = 300;  // a list of more is no help

/** A text that is applied when it has been still: [text, setText]. It follows `value`, unless it made it so: more may be typed by then. */
function useApplied(value, onChange) {
  const [text, setText] = useState(value);
  const applied = useRef(value);
  const settled = useDebounced(text, 400);
  useLayoutEffect(() => {
    if (value !== applied.current) setText(value);
    applied.current = value;
  }, [value]);
  useEffect(() => {
    if (settled !== text || settled.trim() === value) return;
    applied.current = settled.trim();
    onChange(settled.trim());
  }, [settled]);
  return [text, setText];
}

function Text({ label, value = "", list, onChange, className }) {
  const [text, setText] = useApplied(value, onChange);
  return html`<input class=${`input ${className}`} aria-label=${label} placeholder=${label} list=${list} value=${text}
    autocomplete="off" spellcheck=${false} onInput=${(event) => setText(event.target.value)} />`;
}

/** query: the page's; `onChange({name: value})`. */
export function FilterBar({ query, onChange }) {
  const byId = useStore(keys);
  const [models, setModels] = useState([]);
  const [tokens, setTokens] = useState([]);
  const [between, setBetween] = useState(false);
  const [text, setText] = useApplied(query.text ?? "", (typed) => onChange({ text: typed }));
  useEffect(() => {
    get("/api/admin/models").then((got) => setModels(got.models), () => {});
    get("/api/admin/tokens").then((got) => setTokens(got.tokens), () => {});
  }, []);
  const all = useMemo(() => [...(byId?.values() ?? [])], [byId]);
  const key = query.key && byId?.get(query.key);
  const nameOf = (one) => (one.label ? `${one.key} ${one.label}` : one.key);
  const pickKey = (typed) => {
    const found = all.find((one) => nameOf(one) === typed || one.key === typed || String(one.id) === typed);
    if (!typed) onChange({ key: "" });
    else if (found) onChange({ key: String(found.id) });
  };
  const choice = between ? "between" : timeChoice(query.since, query.until);
  const pickTime = (next) => {
    setBetween(next === "between");
    onChange(next === "between" ? { since: "", until: "" } : { since: next, until: "" });
  };
  const filtered = ["key", "model", "token", "status", "since", "until", "text"].some((name) => query[name]);
  return html`
    <div class="filters">
      <${Search} label="Search text" placeholder="Search message, path…" value=${text} onInput=${setText} />
      <${Select} label="Time" className="auto" value=${choice} options=${TIMES} onChange=${pickTime} />
      ${choice === "between" && html`
        <label class="between">from <input class="input auto" type="datetime-local" value=${toLocalInput(query.since)}
          onChange=${(event) => onChange({ since: toIso(event.target.value) })} /></label>
        <label class="between">to <input class="input auto" type="datetime-local" value=${toLocalInput(query.until)}
          onChange=${(event) => onChange({ until: toIso(event.target.value) })} /></label>`}
      <${Text} label="Status" className="w-small" list="filter-status" value=${query.status} onChange=${(status) => onChange({ status })} />
      <${Text} label="Model" className="w-medium" list="filter-model" value=${query.model} onChange=${(model) => onChange({ model })} />
      <${Text} label="Token" className="w-small" list="filter-token" value=${query.token} onChange=${(token) => onChange({ token })} />
      <${Text} label="Key" className="w-medium" list="filter-key" value=${key ? nameOf(key) : (query.key ?? "")} onChange=${pickKey} />
      ${filtered && html`<button class="button small ghost" onClick=${() => { setBetween(false); setText(""); onChange({ key: "", model: "", token: "", status: "", since: "", until: "", text: "" }); }}>
        <${Icon} name="x" size=${14} />Clear filters</button>`}
      <datalist id="filter-status">${STATUSES.map((one) => html`<option value=${one} />`)}</datalist>
      <datalist id="filter-model">${models.map((one) => html`<option value=${one.id} />`)}</datalist>
      <datalist id="filter-token">${tokens.map((one) => html`<option value=${one.name} />`)}</datalist>
      <datalist id="filter-key">${all.slice(0, SUGGESTED).map((one) => html`<option value=${nameOf(one)} />`)}</datalist>
    </div>`;
}

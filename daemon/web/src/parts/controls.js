// Small things that forms and pages are made of.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "./icon.js";

export function Switch({ checked, onChange, label, disabled, id, describedBy }) {
  return html`<input type="checkbox" role="switch" class="switch" id=${id} checked=${checked} disabled=${disabled}
    aria-label=${label} aria-describedby=${describedBy} onChange=${(event) => onChange(event.target.checked)} />`;
}

/** One of a few; options: [value, label]. */
export function Segments({ label, value, options, onChange }) {
  return html`
    <div class="segments" role="group" aria-label=${label}>
      ${options.map(([name, text]) => html`
        <button type="button" aria-pressed=${name === value} onClick=${() => onChange(name)}>${text}</button>`)}
    </div>`;
}

/** A search field; "/" anywhere on the page leads to it. */
export function Search({ label, value, onInput, placeholder = label }) {
  const input = useRef();
  useEffect(() => {
    const onKey = (event) => {
      const writing = event.target.closest?.("input, textarea, select, dialog");
      if (event.key !== "/" || writing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      input.current.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return html`
    <div class="search">
      <${Icon} name="search" />
      <input ref=${input} type="search" class="input" aria-label=${label} placeholder=${placeholder} value=${value}
             autocomplete="off" spellcheck=${false} onInput=${(event) => onInput(event.target.value)} />
    </div>`;
}

export function Select({ label, value, options, onChange, className = "", ...rest }) {
  return html`
    <select class=${`input ${className}`} aria-label=${label} value=${value} onChange=${(event) => onChange(event.target.value)} ...${rest}>
      ${options.map(([name, text]) => html`<option value=${name} selected=${name === value}>${text}</option>`)}
    </select>`;
}

export const Field = ({ label, hint, children, problem }) => html`
  <label class="field">
    <span class="label">${label}</span>
    ${children}
    ${problem ? html`<span class="problem" role="alert">${problem}</span>` : hint && html`<span class="hint">${hint}</span>`}
  </label>`;

export const Empty = ({ icon = "info", title, children }) => html`
  <div class="empty"><${Icon} name=${icon} size=${24} /><p class="empty-title">${title}</p>${children}</div>`;

export const Problem = ({ error }) => error && html`
  <div class="banner bad" role="alert"><${Icon} name="alert" /><span>${error.message}${error.hint && html` – ${error.hint}`}</span></div>`;

export const Progress = ({ value, of, label }) => html`
  <progress class="progress" value=${value} max=${of || 1} aria-label=${label}></progress>`;

/** Calls `later` with the value once it has been still for so long. */
export function useDebounced(value, wait = 250) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), wait);
    return () => clearTimeout(timer);
  }, [value, wait]);
  return settled;
}

/** Runs an async action once at a time: [busy, run]. */
export function useBusy() {
  const [busy, setBusy] = useState(false);
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  const run = async (action) => {
    setBusy(true);
    try {
      return await action();
    } finally {
      if (alive.current) setBusy(false);
    }
  };
  return [busy, run];
}

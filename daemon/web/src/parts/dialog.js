// Dialogs: the browser's own, which keep the focus inside and close on Escape.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { createStore, useStore } from "../store.js";
import { Icon } from "./icon.js";

let nextId = 1;

/**
 * size: "", "wide" or "full". `footer`: the buttons. The focus goes to what has `autofocus`, else to the first field,
 * and back to where it was.
 */
export function Dialog({ title, onClose, size = "", footer, children }) {
  const element = useRef();
  const [id] = useState(() => `dialog-${nextId++}`);
  useLayoutEffect(() => {
    const before = document.activeElement;
    const dialog = element.current;
    dialog.showModal();
    (dialog.querySelector("[autofocus]") ??
      dialog.querySelector(".dialog-body :is(input, textarea, select):not([disabled])") ??
      dialog.querySelector(".dialog-foot .primary") ?? dialog).focus();
    return () => {
      dialog.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  return html`
    <dialog ref=${element} class=${`dialog ${size}`} aria-labelledby=${id} tabindex="-1"
            onCancel=${(event) => { event.preventDefault(); onClose(); }}
            onMouseDown=${(event) => { if (event.target === element.current) onClose(); }}>
      <div class="dialog-frame">
        <header class="dialog-head">
          <h2 id=${id}>${title}</h2>
          <button class="icon-button" aria-label="Close" onClick=${onClose}><${Icon} name="x" /></button>
        </header>
        <div class="dialog-body">${children}</div>
        ${footer && html`<footer class="dialog-foot">${footer}</footer>`}
      </div>
    </dialog>`;
}

const open = createStore([]);

/** Shows `Component`, which gets `props` and `onClose(answer)`. Resolves to the answer. */
export function openDialog(Component, props = {}) {
  return new Promise((resolve) => {
    const entry = { id: nextId++, Component, props };
    entry.onClose = (answer) => {
      open.set((all) => all.filter((other) => other !== entry));
      resolve(answer);
    };
    open.set((all) => [...all, entry]);
  });
}

export const closeAllDialogs = () => open.set([]);

export function Dialogs() {
  return useStore(open).map(({ id, Component, props, onClose }) =>
    html`<${Component} key=${id} ...${props} onClose=${onClose} />`);
}

function Confirm({ title, text, action, danger = true, onClose }) {
  return html`
    <${Dialog} title=${title} onClose=${() => onClose(false)} footer=${html`
        <button class="button" onClick=${() => onClose(false)}>Cancel</button>
        <button class=${danger ? "button danger" : "button primary"} autofocus onClick=${() => onClose(true)}>${action}</button>`}>
      <p>${text}</p>
    <//>`;
}

/** Whether the reader says yes. */
export const confirm = (props) => openDialog(Confirm, props).then(Boolean);

function Ask({ title, label, value: first = "", action = "Save", hint, suggestions = [], onClose }) {
  const [value, setValue] = useState(first);
  return html`
    <${Dialog} title=${title} onClose=${() => onClose(null)} footer=${html`
        <button class="button" onClick=${() => onClose(null)}>Cancel</button>
        <button class="button primary" onClick=${() => onClose(value)}>${action}</button>`}>
      <form onSubmit=${(event) => { event.preventDefault(); onClose(value); }}>
        <label class="field"><span class="label">${label}</span>
          <input class="input" value=${value} list="ask-suggestions" onInput=${(event) => setValue(event.target.value)} />
          <datalist id="ask-suggestions">${suggestions.map((one) => html`<option value=${one} />`)}</datalist>
        </label>
        ${hint && html`<p class="muted">${hint}</p>`}
      </form>
    <//>`;
}

/** A text from the reader; null when they would rather not. */
export const ask = (props) => openDialog(Ask, props).then((answer) => answer ?? null);

// Short notices at the edge of the screen, read out by screen readers.
import { html } from "../html.js";
import { createStore, useStore } from "../store.js";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.js";

const notices = createStore([]);
let nextId = 1;

/** bad: stays until closed. */
export function toast(text, { bad = false } = {}) {
  const id = nextId++;
  notices.set((all) => [...all.slice(-3), { id, text, bad }]);
  setTimeout(() => close(id), bad ? 12_000 : 3500);
}

/** For `.catch(report)`: says what went wrong. A session's end shows by itself. */
export function report(error) {
  if (error?.name === "AbortError" || error?.status === 401) return;
  toast(error.hint ? `${error.message} – ${error.hint}` : error.message, { bad: true });
}

const close = (id) => notices.set((all) => all.filter((notice) => notice.id !== id));

export function Toasts() {
  const all = useStore(notices);
  const box = useRef();
  // A popover is above dialogs only when it was opened after them.
  useEffect(() => {
    if (!box.current?.showPopover) return;
    if (box.current.matches(":popover-open")) box.current.hidePopover();
    if (all.length) box.current.showPopover();
  }, [all]);
  return html`
    <div class="toasts" popover="manual" ref=${box}>
      <div role="status" aria-live="polite">
        ${all.map(({ id, text, bad }) => html`
          <div class=${bad ? "toast bad" : "toast"} key=${id}>
            <${Icon} name=${bad ? "alert" : "check"} />
            <span>${text}</span>
            <button class="icon-button" aria-label="Close this notice" onClick=${() => close(id)}><${Icon} name="x" /></button>
          </div>`)}
      </div>
    </div>`;
}

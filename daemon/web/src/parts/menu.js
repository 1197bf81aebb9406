// A button with a list of actions: arrow keys move, Escape closes.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "./icon.js";

/** items: {label, icon, danger, run}; falsy ones are left out. `of`: whose actions they are; the menu closes when that is another. */
export function Menu({ label, items, className = "icon-button", children, tabindex, of }) {
  const [open, setOpen] = useState(false);
  const button = useRef();
  const list = useRef();
  const place = useRef();  // where the button was when the menu was put beside it
  const close = () => { setOpen(false); button.current?.focus(); };

  // In the top layer, so that no table cuts it off; hence placed by hand.
  useLayoutEffect(() => {
    if (!open) return;
    const menu = list.current;
    menu.showPopover?.();
    const at = place.current = button.current.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    const below = at.bottom + 4 + height <= innerHeight;
    menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
    menu.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`;
    menu.querySelector("button").focus();
  }, [open]);

  useLayoutEffect(() => () => setOpen(false), [of]);

  useEffect(() => {
    if (!open) return;
    const away = (event) => {
      if (!list.current?.contains(event.target) && !button.current?.contains(event.target)) setOpen(false);
    };
    // Not for a scrolling that brought the focus here, and is told of late.
    const scrolled = () => {
      const { top, left } = button.current.getBoundingClientRect();
      if (top !== place.current.top || left !== place.current.left) setOpen(false);
    };
    document.addEventListener("mousedown", away);
    addEventListener("scroll", scrolled, { passive: true });
    return () => { document.removeEventListener("mousedown", away); removeEventListener("scroll", scrolled); };
  }, [open]);

  const onKeyDown = (event) => {
    const all = [...list.current.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement);
    const go = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (go !== undefined) {
      event.preventDefault();
      all[go % all.length].focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };

  return html`
    <span class="menu-anchor">
      <button ref=${button} class=${className} aria-label=${label} aria-haspopup="menu" aria-expanded=${open} tabindex=${tabindex}
              data-column="menu" onClick=${() => setOpen(!open)}>${children ?? html`<${Icon} name="more" />`}</button>
      ${open && html`
        <div ref=${list} class="menu" role="menu" popover="manual" aria-label=${label} onKeyDown=${onKeyDown}>
          ${items.filter(Boolean).map((item) => html`
            <button role="menuitem" class=${item.danger ? "danger" : ""} onClick=${() => { close(); item.run(); }}>
              <${Icon} name=${item.icon ?? "right"} />${item.label}
            </button>`)}
        </div>`}
    </span>`;
}

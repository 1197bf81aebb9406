// The table of keys: a row each on wide screens, a card each on a phone; only what is seen is drawn.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { useNow } from "../clock.js";
import { copy } from "../clipboard.js";
import { ago, count, fullTime, short } from "../format.js";
import { html } from "../html.js";
import { Icon } from "../parts/icon.js";
import { Menu } from "../parts/menu.js";
import { report } from "../parts/toast.js";
import { useMedia, VirtualRows } from "../parts/virtual.js";
import { createStore, useStore } from "../store.js";
import { checkKeys, copyKeys, disable, enable, labelKeys, removeKeys, reset, revealKey, showKey } from "./actions.js";
import { COLUMNS } from "./filter.js";
import { ModelStates, Status, Tier } from "./state.js";

const ROW = 56;
const CARD = 128;
const MODEL_LINE = 30;
const MODELS_AROUND = 18;
const REVEALED_FOR = 60_000;

// What stands in each column's head: names of COLUMNS, with a shorter text where there is little room.
const HEADS = [
  [["status", "Status"]], [["key", "Key"]], [["label", "Label"], ["project", "Project"]], [["tier", "Tier"]],
  [["failures", "Fails"]], [["models", "Models"]],
  [["requests_1h", "Req 1 h"], ["tokens_1h", "Tok 1 h"]], [["requests_24h", "Req 24 h"], ["tokens_24h", "Tok 24 h"]],
  [["last_error", "Last error"]], [["last_used", "Last used"]],
];
const NUMBERS = new Set(["failures", "requests_1h", "requests_24h"]);

function Head({ sort, onSort, checked, some, onAll }) {
  const button = ([name, text]) => {
    const active = sort.by === name;
    return html`<button class=${active ? "sorted" : ""} title=${`Sort by: ${COLUMNS[name][0]}`} onClick=${() => onSort(name)}>${text}
      ${active && html`<span class="offscreen">${sort.down ? "descending" : "ascending"}</span>
        <${Icon} name=${sort.down ? "down" : "up"} size=${12} />`}</button>`;
  };
  return html`
    <div role="rowgroup" class="key-head"><div role="row" class="key-row" aria-rowindex="1">
      <div role="columnheader"><input type="checkbox" aria-label="Select all that match" checked=${checked}
        ref=${(box) => { if (box) box.indeterminate = some && !checked; }} onChange=${onAll} /></div>
      ${HEADS.map((names) => {
        const active = names.find(([name]) => name === sort.by);
        return html`<div role="columnheader" class=${`c-${names[0][0]} ${NUMBERS.has(names[0][0]) ? "number" : ""}`}
          aria-sort=${active ? (sort.down ? "descending" : "ascending") : "none"}>${names.map(button)}</div>`;
      })}
      <div role="columnheader"><span class="offscreen">Actions</span></div>
    </div></div>`;
}

/** Whole keys by their ids: those that were asked for in the last minute. Nothing else of a key is ever in the page. */
const revealed = createStore(new Map());

const hide = (id) => revealed.set((old) => {
  const next = new Map(old);
  next.delete(id);
  return next;
});

async function reveal(id) {
  try {
    const whole = await revealKey(id);
    revealed.set((old) => new Map(old).set(id, whole));
    setTimeout(hide, REVEALED_FOR, id);
  } catch (error) {
    report(error);
  }
}

function KeyCell({ id, masked }) {
  const whole = useStore(revealed).get(id);
  const toggle = () => (whole ? hide(id) : reveal(id));
  return html`
    <button class="link key-name" data-column="details" aria-label=${`Details of ${masked}`} onClick=${() => showKey(id)}>
      <code class=${whole ? "whole" : ""}>${whole || masked}</code></button>
    <span class="key-tools">
      <button class="icon-button small" data-column="reveal" aria-label=${`${whole ? "Hide" : "Show"} the whole key ${masked}`} onClick=${toggle}><${Icon} name=${whole ? "eye-off" : "eye"} size=${14} /></button>
      <button class="icon-button small" data-column="copy" aria-label=${`Copy the key ${masked}`}
              onClick=${() => (whole ? copy(whole, "the key") : copyKeys([id]))}><${Icon} name="copy" size=${14} /></button>
    </span>`;
}

function Row({ row, index, selected, expanded, now, onSelect, onExpand }) {
  const id = String(row.id);
  const ids = [id];
  const open = expanded && row.models.length > 0;
  const items = [
    { label: "Details", icon: "info", run: () => showKey(id) },
    { label: "Check now", icon: "pulse", run: () => checkKeys(ids) },
    { label: "Copy key", icon: "copy", run: () => copyKeys(ids) },
    { label: "Label…", icon: "tag", run: () => labelKeys(ids) },
    row.status === "disabled" ? { label: "Enable", icon: "power", run: () => enable(ids) }
      : { label: "Disable", icon: "pause", run: () => disable(ids) },
    { label: "Reset failures and waits", icon: "reset", run: () => reset(ids) },
    { label: "Delete…", icon: "trash", danger: true, run: () => removeKeys(ids) },
  ];
  return html`
    <div role="row" class=${`key-row ${selected ? "selected" : ""} ${open ? "expanded" : ""}`} aria-rowindex=${index + 2} aria-selected=${selected} data-id=${id}>
      <div role="cell" class="c-select"><input type="checkbox" data-column="select" aria-label=${`Select ${row.key}`} checked=${selected}
        onClick=${(event) => onSelect(id, event.target.checked, event.shiftKey)} /></div>
      <div role="cell" class="c-status"><${Status} status=${row.status} until=${row.until} />
        ${row.reason && html`<div class="second clip" title=${row.reason}>${row.reason}</div>`}</div>
      <div role="cell" class="c-key"><${KeyCell} id=${id} masked=${row.key} /></div>
      <div role="cell" class="c-label"><div class="clip" title=${row.label}>${row.label || html`<span class="faint">–</span>`}</div>
        ${row.project && html`<div class="second clip" title=${row.project}>${row.project}</div>`}</div>
      <div role="cell" class="c-tier"><${Tier} tier=${row.tier} /></div>
      <div role="cell" class="c-failures number"><span class=${row.failures ? "fails" : "faint"}>${count(row.failures)}<span class="unit"> ${row.failures === 1 ? "failure" : "failures"}</span></span></div>
      <div role="cell" class="c-models">${row.models.length
        ? html`<button class="chip-button" data-column="models" aria-expanded=${expanded} onClick=${() => onExpand(id)}>
            <${Icon} name=${expanded ? "down" : "right"} size=${12} />${row.models.length} limited<span class="offscreen"> models of ${row.key}</span></button>`
        : html`<span class="faint">all</span>`}</div>
      <div role="cell" class="c-requests_1h number">${count(row.requests_1h)}<div class="second">${short(row.tokens_1h)} tok</div></div>
      <div role="cell" class="c-requests_24h number">${count(row.requests_24h)}<div class="second">${short(row.tokens_24h)} tok</div></div>
      <div role="cell" class="c-last_error"><div class="two-lines" title=${row.last_error}>${row.last_error || html`<span class="faint">–</span>`}</div></div>
      <div role="cell" class="c-last_used muted" title=${fullTime(row.last_used)}>${ago(row.last_used, now)}</div>
      <div role="cell" class="c-menu"><${Menu} of=${id} label=${`Actions for ${row.key}`} items=${items} /></div>
      ${open && html`<div role="cell" class="c-expanded"><${ModelStates} models=${row.models} /></div>`}
    </div>`;
}

/** Up and down move to the same thing in the next row. */
function moveBetweenRows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const column = event.target.dataset?.column;
  if (!step || !column) return;
  let row = event.target.closest(".key-row");
  do row = step > 0 ? row?.nextElementSibling : row?.previousElementSibling;
  while (row && !row.querySelector(`[data-column=${column}]`));
  const target = row?.querySelector(`[data-column=${column}]`);
  if (!target) return;
  event.preventDefault();
  target.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

/** rows: sorted and filtered; selected: a Set of ids. */
export function KeyTable({ rows, selected, onSelected, sort, onSort }) {
  const [expanded, setExpanded] = useState(() => new Set());
  const anchor = useRef(null);
  const cards = useMedia("(max-width: 760px)");
  const now = useNow(10_000);
  useEffect(() => () => revealed.set(new Map()), []);

  const height = useCallback((row) => (cards ? CARD : ROW) +
    (expanded.has(String(row.id)) && row.models.length ? row.models.length * MODEL_LINE + MODELS_AROUND : 0), [cards, expanded]);

  const select = (id, on, range) => {
    const next = new Set(selected);
    const ids = rows.map((row) => String(row.id));
    const from = range ? ids.indexOf(anchor.current) : -1;
    const to = ids.indexOf(id);
    const changed = from < 0 ? [id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of changed) on ? next.add(one) : next.delete(one);
    anchor.current = id;
    onSelected(next);
  };
  const expand = (id) => setExpanded((old) => {
    const next = new Set(old);
    if (!next.delete(id)) next.add(id);
    return next;
  });

  const all = rows.length > 0 && rows.every((row) => selected.has(String(row.id)));
  const onAll = () => onSelected(all ? new Set() : new Set(rows.map((row) => String(row.id))));
  return html`
    <div class="key-table" role="table" aria-label="Keys" aria-rowcount=${rows.length + 1} onKeyDown=${moveBetweenRows}>
      <${Head} sort=${sort} onSort=${onSort} checked=${all} some=${selected.size > 0} onAll=${onAll} />
      <${VirtualRows} rows=${rows} height=${height} className="key-rows" draw=${(row, index, slot) => html`
        <${Row} key=${slot} row=${row} index=${index} now=${now} selected=${selected.has(String(row.id))}
                expanded=${expanded.has(String(row.id))} onSelect=${select} onExpand=${expand} />`} />
    </div>`;
}

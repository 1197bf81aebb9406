// The keys: totals, what wants attention, and the table with all that can be done.
import { useEffect, useMemo, useState } from "preact/hooks";
import { count, plural } from "../format.js";
import { useFresh } from "../fresh.js";
import { html } from "../html.js";
import { AddDialog } from "../keys/add.js";
import { checkKeys, copyKeys, disable, enable, exportKeys, labelKeys, removeKeys, reset } from "../keys/actions.js";
import { Attention, Calls, Totals, Trend } from "../keys/cards.js";
import { COLUMNS, filterKeys, sortKeys, STATUSES } from "../keys/filter.js";
import { keys, loadKeys, watchKeys } from "../keys/store.js";
import { KeyTable } from "../keys/table.js";
import { loadOverview, overview } from "../overview.js";
import { Empty, Problem, Search, Segments, Select, useDebounced } from "../parts/controls.js";
import { openDialog } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { Menu } from "../parts/menu.js";
import { PageHead } from "../shell.js";
import { useStore } from "../store.js";

const NOTHING = { status: "", text: "", tier: "", failures: 0 };

function BulkBar({ selected, matching, onSelected, onClear }) {
  const ids = [...selected];
  const button = (label, icon, run, look = "") => html`
    <button class=${`button small ${look}`} onClick=${run}><${Icon} name=${icon} size=${14} />${label}</button>`;
  return html`
    <div class="bulk" role="region" aria-label="Actions for the selected keys">
      <b role="status">${plural(ids.length, "key")} selected</b>
      ${ids.length < matching.length && html`<button class="link" onClick=${() => onSelected(new Set(matching.map((key) => String(key.id))))}>
        Select all ${count(matching.length)} that match</button>`}
      <span class="bulk-actions">
        ${button("Check", "pulse", () => checkKeys(ids))}
        ${button("Enable", "power", () => enable(ids))}
        ${button("Disable", "pause", () => disable(ids))}
        ${button("Reset", "reset", () => reset(ids))}
        ${button("Label", "tag", () => labelKeys(ids))}
        ${button("Copy", "copy", () => copyKeys(ids))}
        ${button("Export", "download", () => exportKeys(ids))}
        ${button("Delete", "trash", () => removeKeys(ids), "danger")}
      </span>
      <button class="icon-button" aria-label="Select none" onClick=${onClear}><${Icon} name="x" /></button>
    </div>`;
}

const sum = (all) => {
  const totals = { total: all.length, ...Object.fromEntries(Object.keys(STATUSES).map((name) => [name, 0])) };
  for (const key of all) totals[key.status]++;
  return totals;
};

export function KeysPage() {
  const byId = useStore(keys);
  const totals = useStore(overview);
  const [filter, setFilter] = useState(NOTHING);
  const [sort, setSort] = useState({ by: "added_at", down: false });
  const [selected, setSelected] = useState(() => new Set());
  const [error, setError] = useState(null);
  const text = useDebounced(filter.text, 120);

  useEffect(() => {
    const stop = watchKeys();
    loadKeys().catch(setError);
    return stop;
  }, []);
  useEffect(() => { if (byId) setError(null); }, [byId]);
  useFresh(loadOverview);

  const all = useMemo(() => [...(byId?.values() ?? [])], [byId]);
  const rows = useMemo(() => sortKeys(filterKeys(all, { ...filter, text }), sort), [all, filter, text, sort]);
  const there = useMemo(() => new Set([...selected].filter((id) => byId?.has(id))), [selected, byId]);

  const set = (name) => (value) => setFilter((old) => ({ ...old, [name]: value }));
  const onSort = (by) => setSort((old) => (old.by === by ? { by, down: !old.down } : { by, down: /requests|tokens|failures|last_used|models/.test(by) }));
  const add = () => openDialog(AddDialog);
  const everyId = () => all.map((key) => String(key.id));
  const badIds = () => all.filter((key) => key.status === "disabled").map((key) => String(key.id));
  const filtered = filter.status || filter.text || filter.tier || filter.failures;
  const more = [
    { label: "Check all keys", icon: "pulse", run: () => checkKeys(everyId()) },
    { label: "Copy all keys", icon: "copy", run: () => copyKeys(everyId()) },
    { label: "Export all keys", icon: "download", run: () => exportKeys(everyId()) },
    badIds().length > 0 && { label: `Check the ${badIds().length} disabled`, icon: "pulse", run: () => checkKeys(badIds()) },
    badIds().length > 0 && { label: `Delete the ${badIds().length} disabled…`, icon: "trash", danger: true, run: () => removeKeys(badIds()) },
  ];

  return html`
    <${PageHead} title="Keys">
      ${all.length > 0 && html`<${Menu} label="More for all keys" items=${more} className="button icon-only" />`}
      <button class="button primary" onClick=${add}><${Icon} name="plus" />Add keys</button>
    <//>
    <${Problem} error=${error} />
    ${byId && !all.length && html`
      <div class="card"><${Empty} icon="key" title="No keys yet">
        <p class="muted">Paste keys from anywhere: a list, a mail, a JSON file. gembal finds them.</p>
        <button class="button primary" onClick=${add}><${Icon} name="plus" />Add keys</button>
      <//></div>`}
    <div class="key-cards">
      ${byId && all.length > 0 && html`<${Totals} totals=${sum(all)} status=${filter.status} onStatus=${set("status")} />`}
      ${totals && html`<${Calls} requests=${totals.requests} />`}
      <${Trend} />
    </div>
    ${totals && all.length > 0 && html`<${Attention} attention=${totals.attention} onSelect=${(ids) => setSelected(new Set([...there, ...ids]))} />`}
    ${all.length > 0 && html`
      <section class="card table-card" aria-label="All keys">
        <div class="toolbar">
          <${Segments} label="Status" value=${filter.status} onChange=${set("status")}
             options=${[["", "All"], ...Object.entries(STATUSES).map(([name, label]) => [name, label.split(" ")[0]])]} />
          <${Search} label="Search keys" placeholder="Search label, key, error, model…" value=${filter.text} onInput=${set("text")} />
          <${Select} label="Tier" className="auto" value=${filter.tier} onChange=${set("tier")} options=${[["", "Any tier"], ["free", "Free"], ["paid", "Paid"]]} />
          <${Select} label="Failures" className="auto" value=${String(filter.failures)} onChange=${(value) => set("failures")(Number(value))}
             options=${[["0", "Any failures"], ["1", "1 or more"], ["2", "2 or more"], ["3", "3 or more"], ["10", "10 or more"]]} />
          <${Select} label="Sort by" className="auto sort-select" value=${sort.by} onChange=${onSort}
             options=${Object.entries(COLUMNS).map(([name, [label]]) => [name, `Sort: ${label}`])} />
          <span class="muted small push" role="status">${filtered ? `${count(rows.length)} of ${count(all.length)}` : plural(all.length, "key")}</span>
        </div>
        ${rows.length ? html`<${KeyTable} rows=${rows} selected=${there} onSelected=${setSelected} sort=${sort} onSort=${onSort} />`
          : html`<${Empty} icon="search" title="No key matches"><button class="button" onClick=${() => setFilter(NOTHING)}>Clear the filters</button><//>`}
      </section>`}
    ${there.size > 0 && html`<${BulkBar} selected=${there} matching=${rows} onSelected=${setSelected} onClear=${() => setSelected(new Set())} />`}`;
}

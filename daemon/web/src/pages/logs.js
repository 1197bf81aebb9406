// Requests and errors, newest first; new requests come in at the top by themselves.
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, remove, withQuery } from "../api.js";
import { clock, count, fullTime, latency, plural, short } from "../format.js";
import { html } from "../html.js";
import { copyKeys } from "../keys/actions.js";
import { keys, loadKeys, watchKeys } from "../keys/store.js";
import { showError, showRequest } from "../logs/details.js";
import { apiQuery, matches } from "../logs/filter.js";
import { FilterBar } from "../logs/filter_bar.js";
import { StatusCode } from "../logs/parts.js";
import { onLive } from "../live.js";
import { Empty, Problem, Segments, Switch } from "../parts/controls.js";
import { confirm } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { Menu } from "../parts/menu.js";
import { report, toast } from "../parts/toast.js";
import { navigate, place } from "../router.js";
import { PageHead } from "../shell.js";
import { useStore } from "../store.js";

const PAGE = 100;
const MOST_LIVE = 1000;  // rows kept while new ones come in

const COLUMNS = {
  requests: ["Time", "Status", "Model", "Path", "Key", "Token", "Tries", "Tokens", "First", "Took"],
  errors: ["Time", "Status", "Message", "Model", "Key", "Token"],
};

function cells(tab, row, keyName) {
  const key = html`<code class="clip" title=${keyName(row.key_id)}>${keyName(row.key_id)}</code>`;
  if (tab === "errors") {
    return [html`<${StatusCode} status=${row.status} />`,
      html`<div class="two-lines dark" title=${row.message}><b>${row.kind}</b> ${row.message}</div>`,
      html`<span class="clip" title=${row.model}>${row.model}</span>`, key, html`<span class="clip">${row.token}</span>`];
  }
  return [html`<${StatusCode} status=${row.status} />${row.failure && html`<span class="second">${row.failure}</span>`}`,
    html`<span class="clip" title=${row.model}>${row.model}</span>`,
    html`<code class="clip muted" title=${row.path}>${row.path}</code>`, key, html`<span class="clip">${row.token}</span>`,
    html`<span class=${row.attempts > 1 ? "fails" : "faint"}>${row.attempts}</span>`,
    html`<span title=${`${count(row.prompt_tokens)} in, ${count(row.output_tokens)} out`}>${row.total_tokens ? short(row.total_tokens) : "–"}</span>`,
    html`<span class="muted">${latency(row.first_ms)}</span>`, latency(row.ms)];
}

function Table({ tab, rows, selected, onSelect, onAll, keyName }) {
  const show = tab === "errors" ? showError : showRequest;
  const all = rows.length > 0 && rows.every((row) => selected.has(row.id));
  return html`
    <div class=${`log-table ${tab}`} role="table" aria-label=${tab === "errors" ? "Errors" : "Requests"}>
      <div role="rowgroup" class="log-head"><div role="row" class="log-row">
        <div role="columnheader"><input type="checkbox" aria-label="Select all that are loaded" checked=${all} onChange=${() => onAll(all)} /></div>
        ${COLUMNS[tab].map((name) => html`<div role="columnheader" class=${`l-${name.toLowerCase()}`}>${name}</div>`)}
      </div></div>
      <div role="rowgroup">
        ${rows.map((row) => html`
          <div role="row" key=${row.id} class=${`log-row ${selected.has(row.id) ? "selected" : ""} ${row.fresh ? "fresh" : ""}`}
               onClick=${(event) => { if (!event.target.closest("button, input")) show(row.id); }}>
            <div role="cell"><input type="checkbox" aria-label=${`Select the entry of ${fullTime(row.time)}`} checked=${selected.has(row.id)}
              onClick=${(event) => onSelect(row.id, event.target.checked, event.shiftKey)} /></div>
            <div role="cell" class="l-time"><button class="link" title=${fullTime(row.time)} onClick=${() => show(row.id)}>${clock(row.time)}<span class="offscreen">, details</span></button></div>
            ${cells(tab, row, keyName).map((cell, i) => html`<div role="cell" class=${`l-${COLUMNS[tab][i + 1].toLowerCase()}`}>${cell}</div>`)}
          </div>`)}
      </div>
    </div>`;
}

/** Rows with those that have come in, the latest last, on top. */
function withFresh(fresh, rows) {
  const there = new Set(fresh.map((row) => row.id));
  return [...fresh.map((row) => ({ ...row, fresh: true })).reverse(), ...rows.filter((row) => !there.has(row.id))];
}

/** The rows that the filter asks for, page by page, and what comes in meanwhile. */
function useRows(tab, query, live) {
  const [state, setState] = useState({ rows: [], next: "", loading: true, error: null });
  const address = `/api/admin/${tab}`;
  const filter = JSON.stringify(apiQuery(query));
  const asked = useRef(0);
  const answered = useRef(0);  // replies to this question and those before are of no use any more
  const meanwhile = useRef(null);  // what comes in while a reply is awaited, which may be from before

  const load = useCallback(async (before = "") => {
    const turn = ++asked.current;
    if (before) answered.current = turn - 1;  // what follows the rows that are there
    else meanwhile.current = [];
    setState((old) => ({ ...old, loading: true, error: null, rows: before ? old.rows : old.rows.filter(() => old.key === tab + filter) }));
    try {
      const reply = await get(address, { ...apiQuery(query), before, limit: PAGE });
      if (turn <= answered.current) return;
      answered.current = turn;
      const came = meanwhile.current;
      meanwhile.current = null;
      setState((old) => ({ rows: before ? [...old.rows, ...reply[tab]] : withFresh(came ?? [], reply[tab]), next: reply.next, loading: false, error: null, key: tab + filter }));
    } catch (error) {
      if (turn > answered.current) setState((old) => ({ ...old, loading: false, error }));
    }
  }, [tab, filter]);
  // Rows of another filter are gone at once.
  useLayoutEffect(() => {
    answered.current = asked.current;
    load();
  }, [load]);

  useLayoutEffect(() => {
    if (!live) return;
    let waiting = [];
    let timer = 0;
    const flush = () => {
      timer = 0;
      if (tab === "errors") return load();
      const fresh = waiting;
      waiting = [];
      setState((old) => {
        const rows = withFresh(fresh, old.rows);
        return { ...old, rows: rows.length > MOST_LIVE && old.rows.length <= MOST_LIVE ? rows.slice(0, MOST_LIVE) : rows };
      });
    };
    const off = onLive("request", (request) => {
      if (tab === "errors" ? !(request.failure || request.attempts > 1) : !matches(query, request)) return;
      waiting.push(request);
      if (tab === "requests") meanwhile.current?.push(request);
      timer ||= setTimeout(flush, tab === "errors" ? 1500 : 400);
    });
    const offAgain = onLive("resync", () => load());
    return () => { off(); offAgain(); clearTimeout(timer); };
  }, [tab, filter, live, load]);

  const forget = (ids) => setState((old) => ({ ...old, rows: ids ? old.rows.filter((row) => !ids.has(row.id)) : [], next: ids ? old.next : "" }));
  return { ...state, more: () => load(state.next), forget };
}

export function LogsPage({ query }) {
  const tab = query.tab === "errors" ? "errors" : "requests";
  const byId = useStore(keys);
  const [live, setLive] = useState(true);
  const [selected, setSelected] = useState(() => new Set());
  const anchor = useRef(null);
  const { rows, next, loading, error, more, forget } = useRows(tab, query, live);

  useEffect(() => {
    const stop = watchKeys();
    if (!keys.get()) loadKeys().catch(() => {});
    return stop;
  }, []);
  useEffect(() => setSelected(new Set()), [tab]);

  const keyName = useCallback((id) => (id === "" || id == null ? "–" : byId?.get(String(id))?.key ?? `#${id}`), [byId]);
  const change = (fields) => navigate(withQuery("/error_logs", { ...place.get().query, ...fields }), { replace: true });
  const there = useMemo(() => new Set(rows.filter((row) => selected.has(row.id)).map((row) => row.id)), [rows, selected]);

  const onSelect = (id, on, range) => {
    const ids = rows.map((row) => row.id);
    const from = range ? ids.indexOf(anchor.current) : -1;
    const to = ids.indexOf(id);
    const next_ = new Set(there);
    for (const one of from < 0 ? [id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1)) on ? next_.add(one) : next_.delete(one);
    anchor.current = id;
    setSelected(next_);
  };
  const noun = tab === "errors" ? "error" : "request";
  const drop = async (body, ids, question) => {
    if (!(await confirm(question))) return;
    try {
      const { removed } = await remove(`/api/admin/${tab}`, body);
      forget(ids);
      toast(`${plural(removed, noun)} deleted`);
    } catch (failure) {
      report(failure);
    }
  };
  const dropSelected = () => drop({ ids: [...there] }, there, {
    title: `Delete ${plural(there.size, noun)}?`, text: "They leave the log for good. Statistics stay.", action: "Delete" });
  const dropAll = () => drop({ all: true }, null, {
    title: `Delete all ${noun}s?`, text: `The whole log of ${noun}s is cleared, not only what the filter shows.`, action: `Delete all ${noun}s` });
  const keysOfSelected = () => copyKeys([...new Set(rows.filter((row) => there.has(row.id) && row.key_id !== "").map((row) => String(row.key_id)))]);
  const file = (format) => {
    const link = document.createElement("a");
    link.href = withQuery(`/api/admin/${tab}`, { ...apiQuery(query), format });
    link.download = `gembal-${tab}.${format}`;
    link.click();
  };

  return html`
    <${PageHead} title="Errors and requests">
      <label class="inline-switch"><${Switch} checked=${live} onChange=${setLive} /> Live</label>
      <${Menu} label="Download" className="button" items=${[
        { label: "CSV of this filter", icon: "download", run: () => file("csv") },
        { label: "JSON of this filter", icon: "download", run: () => file("json") }]}><${Icon} name="download" />Download<//>
      <button class="button danger" onClick=${dropAll}><${Icon} name="trash" />Clear all</button>
    <//>
    <div class="tabs"><${Segments} label="Which log" value=${tab} onChange=${(name) => change({ tab: name })}
      options=${[["requests", "Requests"], ["errors", "Errors"]]} /></div>
    <section class="card table-card" aria-label=${tab === "errors" ? "Errors" : "Requests"}>
      <${FilterBar} query=${query} onChange=${change} />
      <${Problem} error=${error} />
      ${rows.length > 0 ? html`
        <${Table} tab=${tab} rows=${rows} selected=${there} onSelect=${onSelect} keyName=${keyName}
                  onAll=${(all) => setSelected(all ? new Set() : new Set(rows.map((row) => row.id)))} />
        <div class="more-row">${next ? html`<button class="button" disabled=${loading} onClick=${more}>${loading ? "Loading…" : "Load more"}</button>`
          : html`<span class="muted small">${plural(rows.length, noun)}: that is all</span>`}</div>`
        : loading ? html`<p class="muted pad" role="status">Loading…</p>`
        : html`<${Empty} icon=${tab === "errors" ? "check" : "list"} title=${tab === "errors" ? "No errors" : "No requests"}>
            <p>${tab === "errors" ? "Nothing went wrong here." : "Requests show up here as they come in."}</p><//>`}
    </section>
    ${there.size > 0 && html`
      <div class="bulk" role="region" aria-label="Actions for the selected entries">
        <b role="status">${count(there.size)} selected</b>
        <span class="bulk-actions">
          <button class="button small" onClick=${keysOfSelected}><${Icon} name="copy" size=${14} />Copy their keys</button>
          <button class="button small danger" onClick=${dropSelected}><${Icon} name="trash" size=${14} />Delete</button></span>
        <button class="icon-button" aria-label="Select none" onClick=${() => setSelected(new Set())}><${Icon} name="x" /></button>
      </div>`}`;
}

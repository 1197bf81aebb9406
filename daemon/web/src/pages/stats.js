// Statistics: over time, and by key, model or token.
import { useEffect, useMemo, useState } from "preact/hooks";
import { get, withQuery } from "../api.js";
import { count, latency, percent, plural, short } from "../format.js";
import { html } from "../html.js";
import { keys, loadKeys, watchKeys } from "../keys/store.js";
import { Chart, Legend, requestSeries } from "../parts/chart.js";
import { Empty, Problem, Search, Segments } from "../parts/controls.js";
import { Icon } from "../parts/icon.js";
import { navigate } from "../router.js";
import { PageHead } from "../shell.js";
import { useStore } from "../store.js";

const SPANS = [["1h", "1 hour"], ["24h", "24 hours"], ["7d", "7 days"], ["30d", "30 days"]];
const GROUPS = [["key", "Key"], ["model", "Model"], ["token", "Token"]];
const REFRESH = { "1h": 15_000, "24h": 60_000, "7d": 300_000, "30d": 300_000 };
const STEPS = { 60: "per minute", 3600: "per hour", 86_400: "per day" };
const FIRST_ROWS = 50;

const Total = ({ name, value, note, bad }) => html`
  <div class="card stat"><span class="card-title">${name}</span><b class="big">${value}</b><span class=${bad ? "bad-text small" : "muted small"}>${note}</span></div>`;

const SORTS = {
  name: (row) => row.name, requests: (row) => row.requests, failed: (row) => (row.requests ? row.failed / row.requests : 0),
  prompt_tokens: (row) => row.prompt_tokens, output_tokens: (row) => row.output_tokens, total_tokens: (row) => row.total_tokens,
  p50_ms: (row) => row.p50_ms, p95_ms: (row) => row.p95_ms,
};
const HEADS = [["name", ""], ["requests", "Requests"], ["failed", "Successful"], ["prompt_tokens", "Tokens in"], ["output_tokens", "Tokens out"],
  ["total_tokens", "Tokens"], ["p50_ms", "Latency p50"], ["p95_ms", "p95"]];

/** A key is named by its id: what people know it by is its masked form and its label. */
function nameOf(row, group, byId) {
  if (group !== "key") return row.name || "–";
  return [byId?.get(row.name)?.key ?? row.name, row.label].filter(Boolean).join(" ") || "–";
}

function Rows({ stats, group }) {
  const byId = useStore(keys);
  const [sort, setSort] = useState({ by: "requests", down: true });
  const [text, setText] = useState("");
  const [all, setAll] = useState(false);
  const rows = useMemo(() => {
    const value = SORTS[sort.by];
    const sign = sort.down ? -1 : 1;
    const wanted = text.toLowerCase();
    return stats.rows.filter((row) => `${row.name} ${nameOf(row, group, byId)}`.toLowerCase().includes(wanted))
      .sort((a, b) => { const x = value(a); const y = value(b); return x === y ? 0 : x < y ? -sign : sign; });
  }, [stats, sort, text, byId]);
  const shown = all ? rows : rows.slice(0, FIRST_ROWS);
  const most = Math.max(1, ...stats.rows.map((row) => row.requests));
  return html`
    <section class="card table-card" aria-label=${`By ${group}`}>
      <div class="toolbar"><h2 class="card-title">By ${group}</h2>
        <${Search} label="Search rows" placeholder="Search…" value=${text} onInput=${setText} />
        <span class="muted small push">${plural(rows.length, "row")}</span></div>
      ${!rows.length ? html`<${Empty} icon="chart" title="No requests in this time" />` : html`
      <div class="table-scroll" tabindex="0" role="group" aria-label="Table of statistics"><table class="stat-table">
        <thead><tr>${HEADS.map(([name, label]) => html`
          <th scope="col" class=${name === "name" ? "" : "number"} aria-sort=${sort.by === name ? (sort.down ? "descending" : "ascending") : "none"}>
            <button onClick=${() => setSort({ by: name, down: sort.by === name ? !sort.down : name !== "name" })}>${label || GROUPS.find(([id]) => id === group)[1]}
              ${sort.by === name && html`<${Icon} name=${sort.down ? "down" : "up"} size=${12} />`}</button></th>`)}</tr></thead>
        <tbody>${shown.map((row) => html`
          <tr key=${row.name}>
            <th scope="row"><code class="clip" title=${nameOf(row, group, byId)}>${nameOf(row, group, byId)}</code>
              <span class="bar"><span class="plain" style=${{ width: `${(row.requests / most) * 100}%` }}></span></span></th>
            <td class="number">${count(row.requests)}</td>
            <td class=${`number ${row.failed ? "" : "muted"}`}>${percent(row.requests - row.failed, row.requests)}
              ${row.failed > 0 && html`<span class="second bad-text">${count(row.failed)} failed</span>`}</td>
            <td class="number muted">${short(row.prompt_tokens)}</td><td class="number muted">${short(row.output_tokens)}</td>
            <td class="number">${short(row.total_tokens)}</td>
            <td class="number">${latency(row.p50_ms)}</td><td class="number muted">${latency(row.p95_ms)}</td>
          </tr>`)}</tbody>
      </table></div>
      ${rows.length > shown.length && html`<div class="more-row"><button class="button" onClick=${() => setAll(true)}>Show all ${count(rows.length)}</button></div>`}`}
    </section>`;
}

export function StatsPage({ query }) {
  const span = SPANS.some(([name]) => name === query.since) ? query.since : "24h";
  const group = GROUPS.some(([name]) => name === query.by) ? query.by : "model";
  const [stats, setStats] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    let there = true;
    const load = () => get("/api/admin/stats", { since: span, by: group }).then(
      (got) => { if (there) { setStats(got); setError(null); } }, (failure) => there && setError(failure));
    load();
    const timer = setInterval(() => { if (!document.hidden) load(); }, REFRESH[span]);
    return () => { there = false; clearInterval(timer); };
  }, [span, group]);

  useEffect(() => {
    if (!keys.get()) loadKeys().catch(() => {});
    return watchKeys();
  }, []);

  const charts = useMemo(() => {
    const series = stats?.series ?? [];
    const values = (name) => series.map((one) => one[name]);
    const sums = series.map((one) => one.prompt_tokens + one.output_tokens);
    // A step without requests has no latency; a line through 0 would say otherwise.
    const times = (name) => series.map((one) => (one.requests ? one[name] : null));
    return {
      times: series.map((one) => Date.parse(one.time) / 1000),
      requests: requestSeries(series),
      tokens: [{ label: "Out", color: "--chart-2", kind: "bars", values: sums, real: values("output_tokens") },
        { label: "In", color: "--chart-1", kind: "bars", values: values("prompt_tokens") }],
      latency: [{ label: "p95", color: "--chart-3", kind: "line", values: times("p95_ms") },
        { label: "p50", color: "--chart-1", kind: "line", values: times("p50_ms") }],
    };
  }, [stats]);
  const change = (fields) => navigate(withQuery("/stats", { since: span, by: group, ...fields }), { replace: true });
  const totals = stats?.totals;

  const chart = (title, series, format) => html`
    <section class="card" aria-label=${title}>
      <div class="card-head"><h2 class="card-title">${title} <span class="faint">${STEPS[stats.step] ?? ""}</span></h2><${Legend} series=${series} /></div>
      <${Chart} name=${`${title} ${STEPS[stats.step] ?? ""}`} times=${charts.times} series=${series} step=${stats.step} format=${format} />
    </section>`;
  return html`
    <${PageHead} title="Statistics">
      <${Segments} label="Time" value=${span} options=${SPANS} onChange=${(since) => change({ since })} />
      <${Segments} label="By" value=${group} options=${GROUPS.map(([name, label]) => [name, `By ${label.toLowerCase()}`])} onChange=${(by) => change({ by })} />
      <a class="button" download=${`gembal-stats-${span}-${group}.csv`} href=${withQuery("/api/admin/stats", { since: span, by: group, format: "csv" })}><${Icon} name="download" />CSV</a>
    <//>
    <${Problem} error=${error} />
    ${stats && html`
      <div class="stat-cards">
        <${Total} name="Requests" value=${totals.requests < 1e6 ? count(totals.requests) : short(totals.requests)} note=${totals.failed ? `${count(totals.failed)} failed` : "none failed"} bad=${totals.failed > 0} />
        <${Total} name="Successful" value=${percent(totals.requests - totals.failed, totals.requests)} note="of all requests" />
        <${Total} name="Tokens" value=${short(totals.total_tokens)} note=${`${short(totals.prompt_tokens)} in, ${short(totals.output_tokens)} out`} />
        <${Total} name="Latency" value=${latency(totals.p50_ms)} note=${`p50; p95 ${latency(totals.p95_ms)}`} />
      </div>
      <div class="stat-charts">
        ${chart("Requests", charts.requests, short)}
        ${chart("Tokens", charts.tokens, short)}
        ${chart("Latency", charts.latency, latency)}
      </div>
      <${Rows} stats=${stats} group=${stats.by ?? group} />`}`;
}

// What stands above the table: how many keys there are, how much they do, and which want to be looked at.
import { useMemo, useState } from "preact/hooks";
import { get } from "../api.js";
import { count, percent, plural, short } from "../format.js";
import { useFresh } from "../fresh.js";
import { html } from "../html.js";
import { Chart, requestSeries } from "../parts/chart.js";
import { Segments } from "../parts/controls.js";
import { Icon } from "../parts/icon.js";
import { showKey } from "./actions.js";
import { STATUSES } from "./filter.js";

/** The totals; each is a filter. */
export function Totals({ totals, status, onStatus }) {
  const parts = Object.keys(STATUSES);
  return html`
    <section class="card totals" aria-labelledby="totals-title">
      <h2 id="totals-title" class="card-title">Keys</h2>
      <p class="big">${count(totals.total)} <span class="muted">${totals.total ? `${percent(totals.ok, totals.total)} ready` : ""}</span></p>
      <div class="share" aria-hidden="true">${parts.map((name) => totals[name] > 0 && html`
        <span class=${name} style=${{ flexGrow: totals[name] }}></span>`)}</div>
      <div class="total-list">
        ${parts.map((name) => html`
          <button aria-pressed=${status === name} onClick=${() => onStatus(status === name ? "" : name)}>
            <span class=${`status ${name}`}><span class="dot"></span>${STATUSES[name]}</span><b>${count(totals[name])}</b></button>`)}
      </div>
    </section>`;
}

const TIMES = [["minute", "1 min", "1m"], ["hour", "1 hour", "1h"], ["day", "24 hours", "24h"], ["month", "This month", "month"]];

/** The calls; each leads to its requests. */
export const Calls = ({ requests }) => html`
  <section class="card" aria-labelledby="calls-title">
    <h2 id="calls-title" class="card-title">Calls</h2>
    <div class="tiles">
      ${TIMES.map(([name, label, since]) => {
        const { total, failed } = requests[name];
        return html`
          <a class="tile" href=${`/error_logs?tab=requests&since=${since}`}>
            <span class="muted">${label}</span>
            <b title=${count(total)}>${total < 100_000 ? count(total) : short(total)}</b>
            <span class=${failed ? "bad-text" : "muted"}>${failed ? `${short(failed)} failed` : total ? "none failed" : "–"}</span>
          </a>`;
      })}
    </div>
  </section>`;

const SPANS = { "1h": ["1h", 60], "8h": ["24h", 8], "24h": ["24h", 24] };

export function Trend() {
  const [span, setSpan] = useState("24h");
  const [stats, setStats] = useState(null);
  const [since, steps] = SPANS[span];
  useFresh(async (signal) => setStats(await get("/api/admin/stats", { since, by: "model" }, { signal })), [since]);

  const { times, series, total, failed } = useMemo(() => {
    const shown = (stats?.series ?? []).slice(-steps);
    return {
      times: shown.map((one) => Date.parse(one.time) / 1000), series: requestSeries(shown),
      total: shown.reduce((sum, one) => sum + one.requests, 0), failed: shown.reduce((sum, one) => sum + one.failed, 0),
    };
  }, [stats, steps]);
  return html`
    <section class="card trend" aria-labelledby="trend-title">
      <div class="card-head">
        <h2 id="trend-title" class="card-title">Trend</h2>
        <span class="muted small">${count(total)} requests, ${percent(total - failed, total)} successful</span>
        <${Segments} label="Time" value=${span} onChange=${setSpan} options=${Object.keys(SPANS).map((name) => [name, name.replace("h", " h")])} />
      </div>
      <${Chart} name="Requests over time" times=${times} series=${series} step=${stats?.step ?? 3600} height=${156} bare=${true} format=${count} />
    </section>`;
}

const LIMITS = [5, 10, 20, 50];

/** The keys with the most failures of a day, by what they failed with. */
export function Attention({ attention, onSelect }) {
  const [status, setStatus] = useState("all");
  const [limit, setLimit] = useState(5);
  const statuses = useMemo(() => [...new Set(attention.map((one) => one.status))].sort((a, b) => b - a), [attention]);
  if (!attention.length) return null;
  const active = statuses.map(String).includes(status) ? status : "all";
  const matching = attention.filter((one) => active === "all" || String(one.status) === active);
  const shown = matching.slice(0, limit);
  const most = Math.max(...shown.map((one) => one.count));
  return html`
    <section class="card attention" aria-labelledby="attention-title">
      <div class="card-head">
        <h2 id="attention-title" class="card-title">Keys worth attention</h2>
        <span class="muted small">most failures in 24 hours</span>
        <${Segments} label="Failed with" value=${active} onChange=${setStatus}
          options=${[["all", "All"], ...statuses.map((one) => [String(one), one === 0 ? "No reply" : String(one)])]} />
        <label class="small-select"><span class="offscreen">Keys shown</span>
          <select class="input" onChange=${(event) => setLimit(Number(event.target.value))}>
            ${LIMITS.map((n) => html`<option value=${n} selected=${n === limit}>top ${n}</option>`)}</select></label>
        <button class="button small" onClick=${() => onSelect([...new Set(shown.map((one) => String(one.key_id)))])}>
          <${Icon} name="check" size=${14} />Select ${shown.length === 1 ? "it" : `these ${shown.length}`}</button>
      </div>
      <ul class="attention-list">
        ${shown.map((one) => html`
          <li key=${`${one.key_id} ${one.status}`}>
            <button class="attention-key" onClick=${() => showKey(String(one.key_id))}>
              <code>${one.key}</code><span class="muted clip">${one.label}</span>
              <span class=${`code-tag ${one.status === 429 ? "warn" : "bad"}`}>${one.status || "–"}</span>
              <span class="bar"><span class=${one.status === 429 ? "warn" : ""} style=${{ width: `${(one.count / most) * 100}%` }}></span></span>
              <b class="number">${count(one.count)}</b><span class="offscreen">${plural(one.count, "failure")}</span>
            </button>
          </li>`)}
      </ul>
    </section>`;
}

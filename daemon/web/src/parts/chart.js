// Charts over time: uPlot, with our colours, a tooltip, and the arrow keys.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { html } from "../html.js";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const two = (n) => String(n).padStart(2, "0");

const DAY = 86_400;

/** "14:05", or "24 Nov" for days, which are UTC's; both where there are several days of hours. */
function timeText(seconds, step, days = false) {
  const t = new Date(seconds * 1000);
  const day = (timeZone) => t.toLocaleDateString("en", { day: "numeric", month: "short", timeZone });
  if (step >= DAY) return day("UTC");
  const time = `${two(t.getHours())}:${two(t.getMinutes())}`;
  return days ? `${day()}, ${time}` : time;
}

const axisText = (seconds, step, incr) => {
  const t = new Date(seconds * 1000);
  return timeText(seconds, incr >= DAY / 2 && step < DAY && t.getHours() === 0 ? DAY : step);
};

function options({ series, step, height, bare, format }, width, tooltip) {
  const axis = {
    stroke: css("--muted"), font: `11px ${css("--font")}`, ticks: { show: false },
    grid: { stroke: css("--line"), width: 1 },
  };
  const bars = uPlot.paths.bars({ size: [0.72, 28], radius: 0.15, gap: 0 });
  return {
    width, height, padding: bare ? [6, 4, 0, 4] : [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false }, points: { size: 7 } },
    scales: { x: { time: true, range: (_, low, high) => [low - step / 2, high + step / 2] }, y: { range: (_, __, high) => [0, (high || 1) * 1.08] } },
    axes: [
      { ...axis, grid: { show: false }, space: 60, size: 20, gap: 4, values: (_, splits, __, ___, incr) => splits.map((at) => axisText(at, step, incr)) },
      { ...axis, show: !bare, size: 48, gap: 6, space: 34, values: (_, splits) => splits.map((value) => (value ? format(value) : "0")) },
    ],
    series: [{}, ...series.map(({ label, color, kind }) => ({
      label, stroke: css(color), width: kind === "bars" ? 0 : 1.75, fill: kind === "bars" ? css(color) : undefined,
      paths: kind === "bars" ? bars : uPlot.paths.linear(), points: { show: false },
    }))],
    hooks: { setCursor: [tooltip] },
  };
}

/**
 * times in seconds; series: {label, values, color: a CSS variable, kind: "bars" or "line", shown: text of a value}. Bars lie over each
 * other, the first at the back: for a stack, give sums. `name` says what the chart shows.
 */
export function Chart({ name, times, series, step, height = 220, bare = false, format = String }) {
  const box = useRef();
  const tip = useRef();
  const spoken = useRef();
  const plot = useRef(null);
  const latest = useRef();
  latest.current = { times, series };
  const isLong = () => latest.current.times.at(-1) - latest.current.times[0] > 1.5 * DAY;
  const describe = (index) => latest.current.series.map((one) => `${one.label}: ${(one.shown ?? format)((one.real ?? one.values)[index] ?? 0)}`);

  useEffect(() => {
    const host = box.current;
    const tooltip = (u) => {
      const { idx, left } = u.cursor;
      const element = tip.current;
      if (idx == null || left < 0 || !latest.current.times.length) {
        element.hidden = true;
        return;
      }
      const at = latest.current.times[idx];
      element.replaceChildren();
      const head = document.createElement("b");
      head.textContent = timeText(at, step, isLong());
      element.append(head);
      latest.current.series.forEach((one, i) => {
        const line = document.createElement("div");
        const swatch = document.createElement("span");
        swatch.className = "swatch";
        swatch.style.background = css(one.color);
        line.append(swatch, describe(idx)[i]);
        element.append(line);
      });
      element.hidden = false;
      const x = u.over.offsetLeft + left;
      const over = x + 16 + element.offsetWidth > host.clientWidth;
      element.style.left = `${Math.max(0, over ? x - element.offsetWidth - 12 : x + 12)}px`;
    };

    const draw = () => {
      plot.current?.destroy();
      const width = host.clientWidth;
      if (!width) return;
      const data = [latest.current.times, ...latest.current.series.map((one) => one.values)];
      plot.current = new uPlot(options({ series, step, height, bare, format }, width, tooltip), data, host);
    };
    draw();
    const resized = new ResizeObserver(() => {
      if (plot.current && host.clientWidth) plot.current.setSize({ width: host.clientWidth, height });
      else draw();
    });
    resized.observe(host);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    addEventListener("themechange", draw);
    dark.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      removeEventListener("themechange", draw);
      dark.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [step, height, bare, series.map((one) => one.label + one.color).join()]);

  useEffect(() => { plot.current?.setData([times, ...series.map((one) => one.values)]); }, [times, series]);

  const onKeyDown = (event) => {
    const u = plot.current;  // drawn after the first paint: a reader may be faster
    const last = times.length - 1;
    if (last < 0) return;
    const now = u?.cursor.idx ?? last;
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(last, next));
    u?.setCursor({ left: u.valToPos(times[index], "x"), top: 10 });
    spoken.current.textContent = `${timeText(times[index], step, isLong())}: ${describe(index).join(", ")}`;
  };
  const onBlur = () => plot.current?.setCursor({ left: -10, top: -10 });
  return html`
    <div class="chart" tabindex="0" onKeyDown=${onKeyDown} onBlur=${onBlur} role="group" aria-roledescription="chart" aria-label=${`${name}. Arrow keys read it out.`} ref=${box}>
      <div class="chart-tip" ref=${tip} hidden></div>
      <div class="offscreen" aria-live="polite" ref=${spoken}></div>
    </div>`;
}

export const Legend = ({ series }) => html`
  <ul class="legend">${series.map(({ label, color }) => html`
    <li><span class="swatch" style=${{ background: `var(${color})` }}></span>${label}</li>`)}</ul>`;

/** Requests as bars: what failed on top of what went well. */
export function requestSeries(series) {
  const all = series.map((one) => one.requests);
  return [
    { label: "Failed", color: "--bad-mark", kind: "bars", values: all, real: series.map((one) => one.failed) },
    { label: "Successful", color: "--chart-1", kind: "bars", values: series.map((one) => one.requests - one.failed) },
  ];
}

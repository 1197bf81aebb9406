// A long list of which only what can be seen is in the page: 10,000 rows scroll like ten.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { html } from "../html.js";

const BEYOND = 450;  // pixels drawn above and below what is seen, so that Tab and the wheel find rows

function scrollerOf(element) {
  for (let at = element.parentElement; at; at = at.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(at).overflowY) && at !== document.body) return at;
  }
  return window;
}

/** The index of the first row that ends below `y`; `ends[i]` is where row i ends. */
function rowAt(ends, y) {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] <= y) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * rows, which have an id each; `height(row)` in pixels; `draw(row, index, slot)` gives the row's node, with `slot` as its key: the nodes
 * of rows that leave the view are used for those that come into it, so rows keep no state of their own. A row that stays is drawn anew
 * when it, its place or `draw` is another. Scrolls with the nearest scrolling box, else with the page.
 */
export function VirtualRows({ rows, height, draw, className = "", role = "rowgroup", label }) {
  const box = useRef();
  const drawn = useRef(new Map());  // id -> {row, index, draw, slot, node}
  const [view, setView] = useState({ top: 0, bottom: 1200 });
  const ends = useMemo(() => {
    let sum = 0;
    return rows.map((row) => (sum += height(row)));
  }, [rows, height]);

  useLayoutEffect(() => {
    const scroller = scrollerOf(box.current);
    let frame = 0;
    const measure = () => {
      frame = 0;
      if (!box.current) return;
      const at = box.current.getBoundingClientRect();
      const frameTop = scroller === window ? 0 : scroller.getBoundingClientRect().top;
      const frameHeight = scroller === window ? innerHeight : scroller.clientHeight;
      const top = Math.max(0, frameTop - at.top - BEYOND);
      const bottom = frameTop - at.top + frameHeight + BEYOND;
      setView((old) => (Math.abs(old.top - top) < BEYOND / 3 && Math.abs(old.bottom - bottom) < BEYOND / 3
        ? old : { top, bottom }));
    };
    const soon = () => { frame ||= requestAnimationFrame(measure); };
    measure();
    scroller.addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    const moved = new ResizeObserver(soon);  // what stands above the list grew or shrank
    moved.observe(document.body);
    return () => {
      cancelAnimationFrame(frame);
      moved.disconnect();
      scroller.removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, [rows.length]);

  const total = ends.at(-1) ?? 0;
  const first = Math.min(rowAt(ends, view.top), Math.max(0, rows.length - 1));
  // Their number differs by one or two from view to view: kept, as a node that is taken away has to be made again.
  const needed = rowAt(ends, view.bottom) + 1;
  const last = Math.min(rows.length, Math.max(needed, Math.min(first + drawn.current.size, needed + 2)));
  const before = first > 0 ? ends[first - 1] : 0;
  const after = total - (last > 0 ? ends[last - 1] : 0);
  const seen = rows.slice(first, last);
  const old = drawn.current;
  drawn.current = new Map();
  const taken = new Set(seen.map((row) => old.get(row.id)?.slot));
  let free = 0;
  const nodes = seen.map((row, i) => {
    const index = first + i;
    let one = old.get(row.id);
    if (one?.row !== row || one.index !== index || one.draw !== draw) {
      while (!one && taken.has(free)) free++;
      const slot = one ? one.slot : free++;
      one = { row, index, draw, slot, node: draw(row, index, slot) };
    }
    drawn.current.set(row.id, one);
    return one.node;
  });
  return html`
    <div ref=${box} class=${className} role=${role} aria-label=${label}
         style=${{ paddingTop: `${before}px`, paddingBottom: `${Math.max(0, after)}px` }}>
      ${nodes}
    </div>`;
}

/** Whether a media query holds. */
export function useMedia(query) {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const onChange = () => setHolds(media.matches);
    onChange();
    media.addEventListener("change", onChange);
    return () => media.removeEventListener("change", onChange);
  }, [query]);
  return holds;
}

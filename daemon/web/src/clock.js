// One clock for everything on the page that counts down or grows old.
import { useEffect, useState } from "preact/hooks";

/** The time in milliseconds; draws again each `every` milliseconds, not while the page is hidden. */
export function useNow(every = 1000) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) setNow(Date.now()); }, every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

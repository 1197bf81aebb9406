// Keys in any pasted text, as the daemon finds them: AIza and 35 more characters, or AQ. and 17 or more.

const KEY = /(?<![A-Za-z0-9_-])(?:AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])|AQ\.[A-Za-z0-9_.-]+)/g;

/** {keys: different ones, repeated: how many more} */
export function findKeys(text) {
  const found = new Set();
  let repeated = 0;
  for (const [match] of text.matchAll(KEY)) {
    const key = match.replace(/\.+$/, "");  // the full stop of a sentence
    if (key.length < 20) continue;
    if (found.has(key)) repeated++;
    found.add(key);
  }
  return { keys: [...found], repeated };
}

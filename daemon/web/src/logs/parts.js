// Small things of the lists of requests and errors.
import { html } from "../html.js";

/** An HTTP status, coloured; 0: no reply came. */
export const StatusCode = ({ status }) => {
  const look = status >= 200 && status < 400 ? "good" : status === 429 ? "warn" : "bad";
  return html`<span class=${`code-tag ${look}`}>${status || "–"}<span class="offscreen">${status ? "" : "no reply"}</span></span>`;
};

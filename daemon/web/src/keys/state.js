// How a key's state, and a model's on a key, looks.
import { useNow } from "../clock.js";
import { countdown, fullTime } from "../format.js";
import { html } from "../html.js";
import { STATUSES } from "./filter.js";

/** The time until then, counting down. */
export function Countdown({ until }) {
  const now = useNow();
  const left = Date.parse(until) - now;
  if (!(left > 0)) return html`<span class="countdown">due</span>`;
  return html`<span class="countdown" title=${fullTime(until)}>${countdown(left)}</span>`;
}

export const Status = ({ status, until }) => html`
  <span class=${`status ${status}`}><span class="dot"></span>${STATUSES[status] ?? status}
    ${until && html` <${Countdown} until=${until} />`}</span>`;

export const Tier = ({ tier }) => html`<span class=${`tag ${tier === "paid" ? "accent" : ""}`}>${tier}</span>`;

export const VERDICTS = {
  valid: ["ok", "Valid"], limited: ["cooling", "Valid, over its limit"], invalid: ["disabled", "Invalid"],
  expired: ["disabled", "Expired"], leaked: ["disabled", "Reported as leaked"], suspended: ["disabled", "Suspended"],
  blocked: ["disabled", "Blocked by its restrictions"], "no-billing": ["disabled", "No billing"],
  region: ["exhausted", "Region not supported"], unreachable: ["exhausted", "Not reached"],
};

export const Verdict = ({ verdict }) => {
  const [look, text] = VERDICTS[verdict] ?? ["exhausted", verdict];
  return html`<span class=${`status ${look}`}><span class="dot"></span>${text}</span>`;
};

export const isBad = (verdict) => VERDICTS[verdict]?.[0] === "disabled";

/** The states of its models, each in a line of 30 pixels. */
export const ModelStates = ({ models }) => html`
  <ul class="model-states">
    ${models.map((one) => html`
      <li key=${one.model}><code>${one.model || "all models"}</code><${Status} status=${one.status} until=${one.until} />
        <span class="muted clip" title=${one.reason}>${one.reason}</span></li>`)}
  </ul>`;

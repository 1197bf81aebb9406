// Clients' tokens: who may use the daemon, and how much.
import { useCallback, useEffect, useState } from "preact/hooks";
import { get, patch, post, remove } from "../api.js";
import { useNow } from "../clock.js";
import { copy } from "../clipboard.js";
import { pickModels } from "../config/models.js";
import { ago, count, fullTime, short, toIso, toLocalInput } from "../format.js";
import { html } from "../html.js";
import { useLive } from "../live.js";
import { Empty, Field, Problem, useBusy } from "../parts/controls.js";
import { confirm, Dialog, openDialog } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { Menu } from "../parts/menu.js";
import { report, toast } from "../parts/toast.js";
import { navigate } from "../router.js";
import { PageHead } from "../shell.js";

const address = (name) => `/api/admin/tokens/${encodeURIComponent(name)}`;
const LIMITS = [["rpm", "Requests per minute"], ["rpd", "Requests per day"], ["tpd", "Tokens per day"]];

function Made({ token, onClose }) {
  return html`
    <p class="banner warn"><${Icon} name="alert" /><span>This is the only time that the token is shown. Only its hash is kept.</span></p>
    <div class="made"><code>${token}</code><button class="button primary" autofocus onClick=${() => copy(token, "the token")}><${Icon} name="copy" />Copy</button></div>
    <p class="muted small">Clients send it as <code>Authorization: Bearer …</code>, as <code>x-goog-api-key</code> or as <code>x-api-key</code>.
      Addresses and examples are on the <a href="/docs" onClick=${onClose}>Docs</a> page.</p>`;
}

/** Makes a token, or changes one. */
function TokenDialog({ token, onClose }) {
  const [fields, setFields] = useState({
    name: token?.name ?? "", rpm: token?.rpm || "", rpd: token?.rpd || "", tpd: token?.tpd || "", expires: toLocalInput(token?.expires_at ?? ""), models: token?.models ?? [],
  });
  const [error, setError] = useState(null);
  const [made, setMade] = useState("");
  const [busy, run] = useBusy();
  const set = (name) => (event) => setFields({ ...fields, [name]: event.target.value });
  const save = (event) => {
    event?.preventDefault();
    if (!fields.name.trim() || busy) return;
    const limits = {
      ...Object.fromEntries(LIMITS.map(([name]) => [name, Number(fields[name]) || 0])), models: fields.models, expires_at: toIso(fields.expires),
    };
    run(async () => {
      setError(null);
      try {
        if (token) {
          await patch(address(token.name), limits);
          toast(`${token.name} saved`);
          onClose(true);
        } else {
          setMade((await post("/api/admin/tokens", { name: fields.name.trim(), ...limits })).token);
        }
      } catch (failure) {
        setError(failure);
      }
    });
  };
  if (made) {
    return html`<${Dialog} title=${`Token ${fields.name}`} onClose=${() => onClose(true)} footer=${html`<button class="button" onClick=${() => onClose(true)}>Done</button>`}>
      <${Made} token=${made} onClose=${() => onClose(true)} /><//>`;
  }
  const problem = (name) => (error?.field === name ? error.message : "");
  return html`
    <${Dialog} title=${token ? `Limits of ${token.name}` : "New token"} onClose=${() => onClose(false)} footer=${html`
        <button class="button" onClick=${() => onClose(false)}>Cancel</button>
        <button class="button primary" disabled=${busy || !fields.name.trim()} onClick=${save}>${token ? "Save" : "Create token"}</button>`}>
      <form class="stack" onSubmit=${save}>
        ${!token && html`<${Field} label="Name" hint="Who or what will use it" problem=${problem("name")}><input class="input" value=${fields.name} required onInput=${set("name")} /><//>`}
        <div class="columns three">${LIMITS.map(([name, label]) => html`
          <${Field} label=${label} problem=${problem(name)}><input class="input" type="number" min="0" inputmode="numeric" placeholder="no limit" value=${fields[name]} onInput=${set(name)} /><//>`)}</div>
        <${Field} label="Expires" hint="Empty: never" problem=${problem("expires_at")}><input class="input" type="datetime-local" value=${fields.expires} onInput=${set("expires")} /><//>
        <div class="field"><span class="label">Models</span>
          <p class="model-chips">${fields.models.length ? fields.models.map((one) => html`<span class="tag">${one}</span>`) : html`<span class="muted">All models</span>`}</p>
          <div class="editor-row"><button type="button" class="button small" onClick=${async () => {
            const picked = await pickModels("Models of this token", fields.models);
            if (picked) setFields((old) => ({ ...old, models: picked }));
          }}>Pick models…</button>
          ${fields.models.length > 0 && html`<button type="button" class="button small ghost" onClick=${() => setFields({ ...fields, models: [] })}>Allow all</button>`}</div></div>
        <button hidden></button>
        ${error && !error.field && html`<${Problem} error=${error} />`}
      </form>
    <//>`;
}

/** Parts of a limit that are used up. */
function Limits({ token }) {
  const limits = LIMITS.filter(([name]) => token[name] > 0);
  const models = token.models.length > 0 && html`<span class="tag" title=${token.models.join(", ")}>${token.models.length === 1 ? token.models[0] : `${token.models.length} models`}</span>`;
  if (!limits.length && !models) return html`<span class="faint">no limits</span>`;
  return html`${limits.map(([name]) => html`<span class="tag">${short(token[name])} ${{ rpm: "requests/min", rpd: "requests/day", tpd: "tokens/day" }[name]}</span>`)}${models}`;
}

export function TokensPage() {
  const [tokens, setTokens] = useState(null);
  const [error, setError] = useState(null);
  const now = useNow(10_000);
  const load = useCallback(() => get("/api/admin/tokens").then((reply) => { setTokens(reply.tokens); setError(null); }, setError), []);
  useEffect(() => { load(); }, []);
  useLive("tokens", load);
  useLive("resync", load);

  const edit = (token) => openDialog(TokenDialog, { token }).then((done) => done && load());
  const change = (token, fields, done) => patch(address(token.name), fields).then(() => { toast(`${token.name} ${done}`); load(); }, report);
  const drop = async (token) => {
    const sure = await confirm({ title: `Delete the token ${token.name}?`, text: "Clients that use it are refused from now on. To take it out of use for a while, disable it.", action: "Delete token" });
    if (sure) remove(address(token.name)).then(() => { toast(`${token.name} deleted`); load(); }, report);
  };
  const state = (token) => {
    if (token.disabled) return ["disabled", "Disabled"];
    if (token.expires_at && Date.parse(token.expires_at) < now) return ["exhausted", "Expired"];
    return ["ok", "Active"];
  };
  return html`
    <${PageHead} title="Tokens" lead="Each client can have its own, with limits of its own.">
      <button class="button primary" onClick=${() => edit()}><${Icon} name="plus" />New token</button>
    <//>
    <${Problem} error=${error} />
    ${tokens && !tokens.length && html`<div class="card"><${Empty} icon="ticket" title="No tokens yet"><button class="button primary" onClick=${() => edit()}><${Icon} name="plus" />New token</button><//></div>`}
    ${tokens?.length > 0 && html`
      <section class="card table-card" aria-label="Tokens">
        <ul class="token-list">
          ${tokens.map((token) => {
            const [look, text] = state(token);
            return html`
              <li key=${token.name} class="token">
                <div class="token-name"><b class="clip" title=${token.name}>${token.name}</b><code class="muted">${token.shown}</code></div>
                <div><span class=${`status ${look}`}><span class="dot"></span>${text}</span>
                  ${token.configured ? html`<div class="second">from the configuration</div>`
                    : html`<div class="second" title=${fullTime(token.expires_at)}>${token.expires_at ? `expires ${fullTime(token.expires_at)}` : "does not expire"}</div>`}</div>
                <div class="token-limits"><${Limits} token=${token} /></div>
                <div class="token-use"><b>${count(token.requests_24h)}</b> requests, <b>${short(token.tokens_24h)}</b> tokens<div class="second">in 24 h; used ${ago(token.last_used, now)}</div></div>
                <${Menu} label=${`Actions for ${token.name}`} items=${[
                  { label: "Its requests", icon: "list", run: () => navigate(`/error_logs?tab=requests&token=${encodeURIComponent(token.name)}`) },
                  !token.configured && { label: "Edit limits…", icon: "sliders", run: () => edit(token) },
                  !token.configured && (token.disabled ? { label: "Enable", icon: "power", run: () => change(token, { disabled: false }, "enabled") }
                    : { label: "Disable", icon: "pause", run: () => change(token, { disabled: true }, "disabled") }),
                  !token.configured && { label: "Delete…", icon: "trash", danger: true, run: () => drop(token) },
                  token.configured && { label: "Open the configuration", icon: "sliders", run: () => navigate("/config") },
                ]} />
              </li>`;
          })}
        </ul>
      </section>`}`;
}

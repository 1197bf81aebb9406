// The way in.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Problem, useBusy } from "../parts/controls.js";
import { Icon } from "../parts/icon.js";
import { logIn, session } from "../session.js";
import { Mark } from "../shell.js";
import { useStore } from "../store.js";

export function LogInPage() {
  const [token, setToken] = useState("");
  const [shown, setShown] = useState(false);
  const [error, setError] = useState(null);
  const [busy, run] = useBusy();
  const { problem } = useStore(session);
  const input = useRef();
  useLayoutEffect(() => input.current.focus(), []);

  const submit = (event) => {
    event.preventDefault();
    if (!token.trim()) return;
    run(async () => {
      setError(null);
      try {
        await logIn(token.trim());
      } catch (failure) {
        if (failure.status === 429 && failure.retryAfter) failure.hint ||= `try again in ${failure.retryAfter} s`;
        setError(failure);
        input.current?.select();
      }
    });
  };

  return html`
    <main class="login">
      <form class="login-card" onSubmit=${submit}>
        <${Mark} />
        <h1>Log in to gembal</h1>
        <label class="field">
          <span class="label">Administrator's token</span>
          <span class="with-button">
            <input ref=${input} class="input" type=${shown ? "text" : "password"} name="token" value=${token} required
                   autocomplete="current-password" spellcheck=${false} aria-invalid=${Boolean(error)}
                   onInput=${(event) => setToken(event.target.value)} />
            <button type="button" class="icon-button" aria-label="Show the token" aria-pressed=${shown}
                    onClick=${() => setShown(!shown)}><${Icon} name=${shown ? "eye-off" : "eye"} /></button>
          </span>
        </label>
        <${Problem} error=${error ?? (problem ? { message: problem } : null)} />
        <button class="button primary block" disabled=${busy}>${busy ? "Logging in…" : "Log in"}</button>
        <p class="muted small">The token is <code>auth.admin_token</code>, or the first of <code>auth.tokens</code>.${" "}
          <code>gembal serve</code> prints one on its first start.</p>
      </form>
    </main>`;
}

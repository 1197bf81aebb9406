// Adds keys from whatever text they are in.
import { useMemo, useState } from "preact/hooks";
import { post } from "../api.js";
import { plural } from "../format.js";
import { html } from "../html.js";
import { loadOverview } from "../overview.js";
import { Field, Problem, Switch, useBusy } from "../parts/controls.js";
import { Dialog } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { checkKeys } from "./actions.js";
import { loadKeys } from "./store.js";
import { findKeys } from "./text.js";

function found(text, exact) {
  if (!exact) return findKeys(text);
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const keys = [...new Set(lines)];
  return { keys, repeated: lines.length - keys.length };
}

export function AddDialog({ onClose }) {
  const [text, setText] = useState("");
  const [label, setLabel] = useState("");
  const [project, setProject] = useState("");
  const [paid, setPaid] = useState(false);
  const [disabled, setDisabled] = useState(false);
  const [exact, setExact] = useState(false);
  const [added, setAdded] = useState(null);
  const [error, setError] = useState(null);
  const [busy, run] = useBusy();
  const { keys, repeated } = useMemo(() => found(text, exact), [text, exact]);

  const send = (event) => {
    event?.preventDefault();
    if (!keys.length || busy) return;
    run(async () => {
      setError(null);
      try {
        const reply = await post("/api/admin/keys", { text, label, project, paid, disabled, exact });
        setText("");
        setAdded(reply);
        loadKeys().catch(() => {});
        loadOverview().catch(() => {});
      } catch (failure) {
        setError(failure);
      }
    });
  };

  if (added) {
    const more = [added.present && `${plural(added.present, "key was", "keys were")} there already`,
      added.ignored && `${plural(added.ignored, "line was", "lines were")} no key`].filter(Boolean).join("; ");
    return html`
      <${Dialog} title="Add keys" onClose=${() => onClose()} footer=${html`
          ${added.ids?.length > 0 && html`<button class="button" onClick=${() => { onClose(); checkKeys(added.ids.map(String)); }}>
            Check ${added.ids.length === 1 ? "it" : "them"} now</button>`}
          <button class="button primary" onClick=${() => onClose()}>Done</button>`}>
        <div class="done" role="status"><${Icon} name="check" size=${22} /><p><b>${plural(added.added, "key")} added</b>${more && html`<br />${more}`}</p></div>
      <//>`;
  }
  return html`
    <${Dialog} title="Add keys" size="wide" onClose=${() => onClose()} footer=${html`
        <button class="button" onClick=${() => onClose()}>Cancel</button>
        <button class="button primary" disabled=${!keys.length || busy} onClick=${send}>
          ${busy ? "Adding…" : keys.length ? `Add ${plural(keys.length, "key")}` : "Add keys"}</button>`}>
      <form class="stack" onSubmit=${send}>
        <${Field} label="Paste any text that has keys in it"
                  hint=${exact ? "Each line is taken as a key, as it is." : "Lists, JSON, logs, e-mails: keys are recognised as AIza… or AQ.…"}>
          <textarea class="input code" rows="8" value=${text} autofocus spellcheck=${false} autocomplete="off"
                    onInput=${(event) => setText(event.target.value)}
                    onKeyDown=${(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send(event); }}></textarea>
        <//>
        <p class=${`found ${keys.length ? "some" : ""}`} role="status">
          <${Icon} name=${keys.length ? "check" : "key"} />
          <span>${keys.length ? `${plural(keys.length, "key")} recognised` : text.trim() ? "No key recognised" : "Nothing pasted yet"}${repeated > 0 && `, ${repeated} repeated`}</span></p>
        <div class="columns">
          <${Field} label="Label"><input class="input" value=${label} onInput=${(event) => setLabel(event.target.value)} /><//>
          <${Field} label="Project" hint="Keys of a project share its quota">
            <input class="input" value=${project} onInput=${(event) => setProject(event.target.value)} /><//>
        </div>
        <div class="switches">
          <label><${Switch} checked=${paid} onChange=${setPaid} /> Paid tier</label>
          <label><${Switch} checked=${disabled} onChange=${setDisabled} /> Start disabled</label>
          <label><${Switch} checked=${exact} onChange=${setExact} /> Take each line as it is</label>
        </div>
        <${Problem} error=${error} />
      </form>
    <//>`;
}

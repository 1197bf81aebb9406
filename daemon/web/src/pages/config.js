// Every setting: what it means, where its value comes from, and a fitting editor. Changes are checked while typing, saved together.
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, patch, post, remove } from "../api.js";
import { Editor } from "../config/editors.js";
import { editable, groupTitle, inWords, isShown, same, sent, settingTitle } from "../config/values.js";
import { plural } from "../format.js";
import { html } from "../html.js";
import { useLive } from "../live.js";
import { Empty, Problem, Search, Switch, useBusy, useDebounced } from "../parts/controls.js";
import { Icon } from "../parts/icon.js";
import { report, toast } from "../parts/toast.js";
import { askBeforeLeaving } from "../router.js";
import { PageHead } from "../shell.js";

const ORIGINS = { default: "Default", file: "File", saved: "Saved here", environment: "Environment", flag: "Command line" };

function Setting({ setting, value, changed, problem, onChange, onReset }) {
  const id = `set-${setting.key}`;
  const described = `${id}-about`;
  const origin = [ORIGINS[setting.origin] ?? setting.origin, setting.origin_name].filter(Boolean).join(": ");
  return html`
    <div class=${`setting ${changed ? "changed" : ""}`} data-key=${setting.key}>
      <div class="setting-about" id=${described}>
        <h3>${settingTitle(setting.key)} <code>${setting.key}</code></h3>
        <p>${setting.meaning}</p>
        <p class="setting-tags">
          <span class=${`tag ${setting.origin === "saved" ? "accent" : ""}`}>${origin}</span>
          ${setting.restart ? html`<span class="tag warn">needs a restart</span>` : html`<span class="faint small">takes effect at once</span>`}
          ${setting.environment?.length > 0 && html`<span class="faint small">· ${setting.environment.join(", ")}</span>`}
        </p>
      </div>
      <div class="setting-edit">
        ${setting.overridden && html`<p class="banner warn small"><${Icon} name="alert" /><span>${ORIGINS[setting.origin] ?? "The environment"} wins
          (${setting.origin_name}): what is saved here has no effect until that is gone.</span></p>`}
        <${Editor} key=${JSON.stringify(setting.value)} setting=${setting} value=${value} onChange=${onChange} id=${id} describedBy=${described} bad=${problem} />
        <div role="alert" class="problem">${problem}</div>
        ${setting.origin === "saved" && !setting.secret && html`<p class="small muted">Default: ${inWords(setting, setting.default)}</p>`}
        ${changed ? html`<button class="link small" onClick=${() => onChange(editable(setting))}>Undo this change</button>`
          : (setting.saved ?? setting.origin === "saved") && html`<button class="link small" onClick=${() => onReset(setting)}>Reset to what it is without this</button>`}
      </div>
    </div>`;
}

const matchesText = (setting, words) => {
  const text = `${setting.key} ${setting.meaning} ${(setting.environment ?? []).join(" ")} ${groupTitle(setting.group)} ${setting.secret ? "" : JSON.stringify(setting.value)}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

export function ConfigPage() {
  const [settings, setSettings] = useState(null);
  const [edits, setEdits] = useState({});
  const [problems, setProblems] = useState({});
  const [error, setError] = useState(null);
  const [text, setText] = useState("");
  const [changedOnly, setChangedOnly] = useState(false);
  const [busy, run] = useBusy();
  const settled = useDebounced(edits, 350);
  const checks = useRef(0);

  const load = useCallback(() => get("/api/admin/config").then((reply) => { setSettings(reply.settings); setError(null); }, setError), []);
  useEffect(() => { load(); }, []);
  useLive("config", load);
  useLive("resync", load);

  const byKey = useMemo(() => new Map((settings ?? []).map((setting) => [setting.key, setting])), [settings]);
  const wire = (some) => Object.fromEntries(Object.entries(some).map(([key, value]) => [key, sent(byKey.get(key), value)]));
  const names = Object.keys(edits);

  useEffect(() => {
    const turn = ++checks.current;
    if (!Object.keys(settled).length) {
      setProblems({});
      return;
    }
    post("/api/admin/config/check", wire(settled)).then((reply) => {
      if (turn === checks.current) setProblems(Object.fromEntries(reply.problems.map((one) => [one.field, one.message])));
    }, () => {});
  }, [settled]);

  const edit = (setting, value) => setEdits((old) => {
    const next = { ...old };
    if (same(value, editable(setting))) delete next[setting.key];
    else next[setting.key] = value;
    return next;
  });
  const discard = () => {
    checks.current++;  // what is being checked is gone
    setEdits({});
    setProblems({});
  };
  const save = () => !busy && run(async () => {
    try {
      const saved = edits;
      const changed = wire(saved);
      const reply = await patch("/api/admin/config", changed);
      const restart = Object.keys(changed).some((key) => byKey.get(key).restart);
      const later = new Map(reply.settings.map((setting) => [setting.key, setting]));
      setSettings((old) => old.map((setting) => later.get(setting.key) ?? setting));
      // What was typed meanwhile is not saved yet.
      setEdits((old) => Object.fromEntries(Object.entries(old).filter(([key, value]) => !(key in saved) || !same(value, saved[key]))));
      toast(`${plural(Object.keys(changed).length, "setting")} saved${restart ? "; restart the daemon for all of it to take effect" : ""}`);
    } catch (failure) {
      if (failure.field) {
        setProblems((old) => ({ ...old, [failure.field]: failure.message }));
        document.querySelector(`[data-key="${CSS.escape(failure.field)}"]`)?.scrollIntoView({ block: "center" });
      }
      report(failure);
    }
  });
  const reset = (setting) => remove(`/api/admin/config/${setting.key}`).then((now) => {
    setSettings((old) => old.map((one) => (one.key === now.key ? now : one)));
    toast(`${setting.key} is reset`);
  }, report);

  // Neither a click on a link nor Ctrl+S should lose what was typed. At once, not after the next paint: who discards and
  // goes on in the same moment must not be asked about changes that are gone.
  useLayoutEffect(() => {
    if (!names.length) return;
    askBeforeLeaving(() => window.confirm(`Leave without saving ${plural(names.length, "change")}?`));
    const stay = (event) => event.preventDefault();
    const onKey = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "s") {
        event.preventDefault();
        save();
      }
    };
    addEventListener("beforeunload", stay);
    addEventListener("keydown", onKey);
    return () => {
      askBeforeLeaving(null);
      removeEventListener("beforeunload", stay);
      removeEventListener("keydown", onKey);
    };
  }, [edits, settings, busy]);

  const valueOf = (setting) => (setting.key in edits ? edits[setting.key] : editable(setting));
  const upload = byKey.has("images.upload") ? valueOf(byKey.get("images.upload")) : "";
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (settings ?? []).filter((setting) => (words.length ? matchesText(setting, words) : isShown(setting, upload)) &&
    (!changedOnly || setting.origin !== "default" || setting.key in edits));
  const groups = Map.groupBy ? Map.groupBy(shown, (one) => one.group) : shown.reduce((map, one) => map.set(one.group, [...(map.get(one.group) ?? []), one]), new Map());
  const bad = Object.keys(problems).filter((key) => key in edits).length;

  const jump = (event, group) => {
    event.preventDefault();
    const section = document.getElementById(`group-${group}`);
    section.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    section.querySelector("h2").focus({ preventScroll: true });
  };
  return html`
    <${PageHead} title="Configuration" lead="Saved here, values win over the file; the environment and flags win over both." />
    <${Problem} error=${error} />
    ${settings && html`
      <div class="config">
        <aside class="config-side">
          <${Search} label="Search settings" value=${text} onInput=${setText} />
          <label class="inline-switch small"><${Switch} checked=${changedOnly} onChange=${setChangedOnly} /> Only changed from the default</label>
          <nav aria-label="Groups of settings">${[...groups].map(([group, some]) => html`
            <a key=${group} href=${`#group-${group}`} onClick=${(event) => jump(event, group)}>${groupTitle(group)}
              ${some.some((one) => one.key in edits) ? html`<span class="edited-dot"><span class="offscreen">changed</span></span>` : html`<span class="faint small">${some.length}</span>`}</a>`)}</nav>
        </aside>
        <div class="config-groups">
          ${[...groups].map(([group, some]) => html`
            <section class="card config-group" key=${group} id=${`group-${group}`} aria-labelledby=${`title-${group}`}>
              <h2 id=${`title-${group}`} tabindex="-1">${groupTitle(group)}</h2>
              ${some.map((setting) => html`
                <${Setting} key=${setting.key} setting=${setting} value=${valueOf(setting)} changed=${setting.key in edits} problem=${setting.key in edits ? problems[setting.key] : ""}
                            onChange=${(value) => edit(setting, value)} onReset=${reset} />`)}
            </section>`)}
          ${!shown.length && html`<div class="card"><${Empty} icon="search" title="No setting matches" /></div>`}
        </div>
      </div>`}
    ${names.length > 0 && html`
      <div class="bulk" role="region" aria-label="Unsaved changes">
        <b role="status">${plural(names.length, "unsaved change")}${bad > 0 && html`<span class="bad-text">, ${plural(bad, "problem")}</span>`}</b>
        <span class="bulk-actions">
          <button class="button small" onClick=${discard}>Discard</button>
          <button class="button small primary" disabled=${busy || bad > 0} onClick=${save}>${busy ? "Saving…" : "Save all"}</button></span>
      </div>`}`;
}

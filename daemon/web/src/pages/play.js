// Try a prompt against any model, through the pool.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { get } from "../api.js";
import { copy } from "../clipboard.js";
import { count, latency } from "../format.js";
import { html } from "../html.js";
import { keys, loadKeys, watchKeys } from "../keys/store.js";
import { Field, Select } from "../parts/controls.js";
import { Icon } from "../parts/icon.js";
import { report } from "../parts/toast.js";
import { again, clear, conversation, say, stop } from "../play/conversation.js";
import { Markdown } from "../play/markdown.js";
import { PageHead } from "../shell.js";
import { createStore, useStore } from "../store.js";

const THINKING = [["", "As the model likes"], ["none", "None"], ["low", "Low"], ["medium", "Medium"], ["high", "High"]];
const PROMPTS = ["Explain in three sentences how a key pool works.", "Write a haiku about rate limits.", "Compare TCP and QUIC in a small table."];

/** Kept while one looks at other pages. */
const settingsStore = createStore({ model: "", system: "", temperature: "", thinking: "" });

const readPicture = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
});

function Settings({ models }) {
  const settings = useStore(settingsStore);
  const set = (name) => (event) => settingsStore.set((old) => ({ ...old, [name]: event.target ? event.target.value : event }));
  return html`
    <div class="stack">
      <${Field} label="Model">
        <input class="input" list="play-models" value=${settings.model} onInput=${set("model")} spellcheck=${false} autocomplete="off" />
        <datalist id="play-models">${models.map((one) => html`<option value=${one.id}>${one.display_name}</option>`)}</datalist>
      <//>
      <${Field} label="System prompt"><textarea class="input" rows="4" value=${settings.system} onInput=${set("system")} placeholder="You are…"></textarea><//>
      <${Field} label=${`Temperature: ${settings.temperature === "" ? "the model's own" : settings.temperature}`}>
        <span class="range"><input type="range" min="0" max="2" step="0.1" value=${settings.temperature === "" ? 1 : settings.temperature} onInput=${set("temperature")} />
          ${settings.temperature !== "" && html`<button type="button" class="link small" onClick=${() => set("temperature")("")}>unset</button>`}</span><//>
      <${Field} label="Thinking"><${Select} label="Thinking" value=${settings.thinking} options=${THINKING} onChange=${set("thinking")} /><//>
    </div>`;
}

function Facts({ turn }) {
  const known = useStore(keys)?.get(turn.key);  // headers name a key by its id
  const key = known ? `${known.key}${known.label ? ` ${known.label}` : ""}` : turn.key;
  const { usage, first_ms, ms, finish, model } = turn;
  const thought = usage?.completion_tokens_details?.reasoning_tokens;
  return html`
    <p class="turn-facts">
      <span>${model}</span>
      ${key && html`<span title="The key that answered"><${Icon} name="key" size=${12} /> <code>${key}</code></span>`}
      ${usage && html`<span>${count(usage.prompt_tokens)} in, ${count(usage.completion_tokens)} out${thought ? ` (${count(thought)} of thought)` : ""}</span>`}
      ${ms && html`<span>${first_ms ? `first after ${latency(first_ms)}, ` : ""}${latency(ms)} in all</span>`}
      ${finish && finish !== "stop" && html`<span class="tag warn">${finish === "stopped" ? "stopped by you" : finish}</span>`}
    </p>`;
}

function Turn({ turn, last, busy, onAgain }) {
  if (turn.role === "user") {
    return html`<li class="turn user"><div class="bubble">${turn.pictures?.map((url) => html`<img src=${url} alt="Your picture" />`)}${turn.text}</div></li>`;
  }
  const waiting = busy && last && !turn.text && !turn.reasoning;
  return html`
    <li class="turn model">
      ${turn.reasoning && html`<details class="reasoning" open=${busy && last && !turn.text}><summary>Thoughts</summary><${Markdown} text=${turn.reasoning} /></details>`}
      ${waiting && html`<span class="waiting" role="status"><span class="offscreen">Waiting for the answer</span><i></i><i></i><i></i></span>`}
      ${turn.text && html`<${Markdown} text=${turn.text} />`}
      ${turn.error && html`<div class="banner bad" role="alert"><${Icon} name="alert" /><span>${turn.error}</span></div>`}
      ${!(busy && last) && html`
        <${Facts} turn=${turn} />
        <p class="turn-tools">
          ${turn.text && html`<button class="icon-button small" aria-label="Copy the answer" onClick=${() => copy(turn.text, "the answer")}><${Icon} name="copy" size=${14} /></button>`}
          ${last && html`<button class="icon-button small" aria-label="Ask once more" onClick=${onAgain}><${Icon} name="reset" size=${14} /></button>`}
        </p>`}
    </li>`;
}

export function PlayPage() {
  const { turns, busy } = useStore(conversation);
  const settings = useStore(settingsStore);
  const [models, setModels] = useState([]);
  const [text, setText] = useState("");
  const [pictures, setPictures] = useState([]);
  const input = useRef();
  const end = useRef();
  const file = useRef();

  useEffect(() => {
    get("/api/admin/models").then((reply) => {
      setModels(reply.models);
      const ids = reply.models.map((one) => one.id);
      const first = ids.find((id) => id === "gemini-flash-latest") ?? ids.find((id) => /flash/.test(id)) ?? ids[0];
      settingsStore.set((old) => ({ ...old, model: old.model || first || "" }));
    }, report);
    if (!keys.get()) loadKeys().catch(() => {});
    return watchKeys();
  }, []);
  useLayoutEffect(() => input.current.focus(), []);

  // The end stays in view while the answer grows, unless the reader has gone up to read.
  useEffect(() => {
    const below = document.documentElement.scrollHeight - innerHeight - scrollY;
    if (below < 260) end.current?.scrollIntoView({ block: "end" });
  }, [turns]);

  const send = (event) => {
    event?.preventDefault();
    if (busy || (!text.trim() && !pictures.length) || !settings.model) return;
    say(text.trim(), pictures, settings);
    setText("");
    setPictures([]);
  };
  const attach = async (files) => {
    try {
      const read = await Promise.all([...files].filter((one) => one.type.startsWith("image/")).map(readPicture));
      setPictures((old) => [...old, ...read]);
    } catch (error) {
      report(error);
    }
  };
  return html`
    <${PageHead} title="Play" lead="Prompts go through the pool, like any client's.">
      ${turns.length > 0 && html`<button class="button" onClick=${() => { clear(); input.current.focus(); }}><${Icon} name="plus" />New conversation</button>`}
    <//>
    <div class="play">
      <div class="play-main">
        <ol class="turns" aria-label="Conversation">
          ${turns.map((turn, at) => html`<${Turn} key=${at} turn=${turn} last=${at === turns.length - 1} busy=${busy} onAgain=${() => again(settings)} />`)}
        </ol>
        ${!turns.length && html`<div class="play-start"><p class="muted">Ask anything, or begin with:</p>
          ${PROMPTS.map((prompt) => html`<button class="button" onClick=${() => { setText(prompt); input.current.focus(); }}>${prompt}</button>`)}</div>`}
        <div class="offscreen" role="status">${!busy && turns.at(-1)?.role === "assistant" ? "The answer is complete" : ""}</div>
        <form class="composer" onSubmit=${send}>
          ${pictures.length > 0 && html`<div class="attached">${pictures.map((url, at) => html`
            <button type="button" aria-label=${`Take picture ${at + 1} away`} onClick=${() => setPictures(pictures.filter((_, i) => i !== at))}><img src=${url} alt="" /><${Icon} name="x" size=${12} /></button>`)}</div>`}
          <textarea ref=${input} class="input" rows="3" aria-label="Your message" placeholder="Your message. Enter sends it, Shift+Enter starts a line." value=${text}
            onInput=${(event) => setText(event.target.value)}
            onPaste=${(event) => { if (event.clipboardData.files.length) attach(event.clipboardData.files); }}
            onKeyDown=${(event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event); }}></textarea>
          <div class="composer-foot">
            <input ref=${file} type="file" accept="image/*" multiple hidden onChange=${(event) => { attach(event.target.files); event.target.value = ""; }} />
            <button type="button" class="icon-button" aria-label="Add pictures" onClick=${() => file.current.click()}><${Icon} name="clip" /></button>
            <span class="muted small clip">${settings.model || "no model chosen"}</span>
            ${busy ? html`<button type="button" class="button push" onClick=${stop}><${Icon} name="stop" />Stop</button>`
              : html`<button class="button primary push" disabled=${(!text.trim() && !pictures.length) || !settings.model}><${Icon} name="send" />Send</button>`}
          </div>
        </form>
        <div ref=${end}></div>
      </div>
      <aside class="card play-side" aria-label="Settings of the request"><${Settings} models=${models} /></aside>
    </div>`;
}

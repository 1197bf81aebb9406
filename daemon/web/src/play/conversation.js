// A conversation with a model through the pool, streamed. It goes on while one looks at other pages.
import { open } from "../api.js";
import { createStore } from "../store.js";

/** turns: {role, text, pictures, reasoning, model, key, usage, first_ms, ms, finish, error}; busy: an answer is coming in. */
export const conversation = createStore({ turns: [], busy: false });

let stopping = null;  // what stops the answer that is coming in; null when it is no longer wanted

const content = ({ text, pictures }) => (pictures?.length
  ? [{ type: "text", text }, ...pictures.map((url) => ({ type: "image_url", image_url: { url } }))] : text);

function body(turns, { model, system, temperature, thinking }) {
  const messages = turns.filter((turn) => turn.text || turn.pictures?.length).map((turn) => ({ role: turn.role, content: content(turn) }));
  if (system.trim()) messages.unshift({ role: "system", content: system });
  return {
    model, messages, stream: true, stream_options: { include_usage: true },
    ...(temperature !== "" && { temperature: Number(temperature) }),
    ...(thinking && { reasoning_effort: thinking }),
  };
}

/** The data of each event of a reply. */
async function* events(reply) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value = "" } = await reader.read();
    const lines = (rest + value).split(/\r?\n/);
    rest = done ? "" : lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const data = line.slice(5).trim();
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
    if (done) return;
  }
}

async function answer(settings) {
  const turn = { role: "assistant", text: "", reasoning: "", model: settings.model };
  const turns = conversation.get().turns;
  const own = stopping = new AbortController();
  let frame = 0;
  // Pieces come faster than the screen can show them.
  const draw = () => { frame ||= requestAnimationFrame(() => { frame = 0; conversation.set((old) => ({ ...old, turns: [...turns, { ...turn }] })); }); };
  conversation.set({ turns: [...turns, turn], busy: true });
  const start = performance.now();
  try {
    const reply = await open("POST", "/v1/chat/completions", body(turns, settings), { signal: own.signal });
    turn.key = reply.headers.get("x-gembal-key") ?? "";
    for await (const event of events(reply)) {
      if (event.error) throw new Error(event.error.message ?? "the answer broke off");
      const { delta = {}, finish_reason: finish } = event.choices?.[0] ?? {};
      if (delta.content || delta.reasoning_content) turn.first_ms ??= performance.now() - start;
      turn.reasoning += delta.reasoning_content ?? "";
      turn.text += delta.content ?? "";
      turn.finish = finish ?? turn.finish;
      turn.usage = event.usage ?? turn.usage;
      draw();
    }
  } catch (error) {
    if (error.name === "AbortError") turn.finish = "stopped";
    else turn.error = error.hint ? `${error.message} – ${error.hint}` : error.message;
  }
  turn.ms = performance.now() - start;
  cancelAnimationFrame(frame);
  if (stopping === own) conversation.set({ turns: [...turns, { ...turn }], busy: false });
}

export function say(text, pictures, settings) {
  conversation.set((old) => ({ ...old, turns: [...old.turns, { role: "user", text, pictures }] }));
  return answer(settings);
}

/** Asks for the last answer once more. */
export function again(settings) {
  conversation.set((old) => ({ ...old, turns: old.turns.at(-1)?.role === "assistant" ? old.turns.slice(0, -1) : old.turns }));
  return answer(settings);
}

export const stop = () => stopping?.abort();
export const clear = () => { stop(); stopping = null; conversation.set({ turns: [], busy: false }); };

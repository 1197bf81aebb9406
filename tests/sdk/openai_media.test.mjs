// The Responses API, pictures, sound and old-style completions through the official OpenAI SDK for JavaScript.

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI, { toFile } from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { MODEL, PICTURE, SIGNING, TOKEN, URL, answer } from "./sandbox.mjs";

const client = new OpenAI({ baseURL: URL + "/v1", apiKey: TOKEN, maxRetries: 0 });
const respond = (input, more = {}) => client.responses.create({ model: MODEL, input, ...more });
const drawing = "gemini-2.5-flash-image";

const weather = {
  type: "function",
  name: "get_weather",
  strict: true,
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
};

test("a response is given, and gone on from", async () => {
  const first = await respond(answer("Exactly this."));
  assert.equal(first.output_text, "Exactly this.");
  assert.equal(first.status, "completed");
  const second = await respond("And now?", { previous_response_id: first.id });
  assert.ok(second.output_text);
  assert.equal((await client.responses.retrieve(first.id)).output_text, "Exactly this.");
});

test("a response is streamed", async () => {
  const kinds = [];
  let text = "";
  for await (const event of await respond(answer("one two three four", { events: 4 }), { stream: true })) {
    kinds.push(event.type);
    if (event.type === "response.output_text.delta") text += event.delta;
  }
  assert.equal(text, "one two three four");
  assert.equal(kinds[0], "response.created");
  assert.equal(kinds.at(-1), "response.completed");
});

test("the stream helper gathers the response", async () => {
  const stream = client.responses.stream({ model: MODEL, input: answer("one two three", { events: 3 }) });
  assert.equal((await stream.finalResponse()).output_text, "one two three");
});

test("structured output is parsed", async () => {
  const response = await client.responses.parse({
    model: MODEL,
    input: "Anna is 30.",
    text: { format: zodTextFormat(z.object({ name: z.string(), age: z.number().int() }), "person") },
  });
  assert.deepEqual(Object.keys(response.output_parsed).sort(), ["age", "name"]);
});

for (const model of [MODEL, SIGNING]) {
  test(`${model} calls a function and takes its result`, async () => {
    const first = await respond("What is the weather in Paris?", { model, tools: [weather] });
    const call = first.output.find((item) => item.type === "function_call");
    assert.deepEqual(JSON.parse(call.arguments), { city: "Paris" });
    const result = { type: "function_call_output", call_id: call.call_id, output: "rain" };
    const second = await respond([result], { model, tools: [weather], previous_response_id: first.id });
    assert.ok(second.output_text);
  });
}

test("pictures are drawn and changed", async () => {
  const drawn = await client.images.generate({ model: drawing, prompt: "A lighthouse.", response_format: "b64_json" });
  const bytes = Buffer.from(drawn.data[0].b64_json, "base64");
  assert.ok(bytes.length > 20);
  const image = await toFile(Buffer.from(PICTURE.split(",")[1], "base64"), "a.png", { type: "image/png" });
  const changed = await client.images.edit({ model: drawing, image, prompt: "Make it blue.", response_format: "b64_json" });
  assert.ok(changed.data[0].b64_json);
});

test("a text is spoken", async () => {
  const reply = await client.audio.speech.create({
    model: "gemini-2.5-flash-preview-tts",
    voice: "alloy",
    input: "Hello!",
    response_format: "wav",
  });
  const bytes = Buffer.from(await reply.arrayBuffer());
  assert.equal(bytes.subarray(0, 4).toString(), "RIFF");

  const heard = await client.audio.transcriptions.create({ model: MODEL, file: await toFile(bytes, "a.wav") });
  assert.ok(heard.text);
});

test("a prompt is completed, whole and streamed", async () => {
  const whole = await client.completions.create({ model: MODEL, prompt: answer("Exactly this.") });
  assert.equal(whole.choices[0].text, "Exactly this.");
  let text = "";
  const prompt = answer("one two three", { events: 3 });
  for await (const chunk of await client.completions.create({ model: MODEL, prompt, stream: true })) text += chunk.choices[0]?.text ?? "";
  assert.equal(text, "one two three");
});

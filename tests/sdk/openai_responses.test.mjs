// The Responses API through the official OpenAI SDK for JavaScript.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { MODEL, SIGNING, TOKEN, URL, answer } from "./sandbox.mjs";

const client = new OpenAI({ baseURL: URL + "/v1", apiKey: TOKEN, maxRetries: 0 });
const respond = (input, more = {}) => client.responses.create({ model: MODEL, input, ...more });
const textOf = (event) => (event.type === "response.output_text.delta" ? event.delta : "");

const weather = {
  type: "function",
  name: "get_weather",
  strict: true,
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
};
const question = { role: "user", content: "What is the weather in Paris?" };
const callIn = (response) => response.output.find((item) => item.type === "function_call");
const resultOf = (call) => ({ type: "function_call_output", call_id: call.call_id, output: "rain" });

test("a response is made, kept, listed and deleted", async () => {
  const made = await respond(answer("Exactly this."));
  assert.equal(made.output_text, "Exactly this.");
  assert.deepEqual((await client.responses.retrieve(made.id)).output, made.output);
  const items = [];
  for await (const item of client.responses.inputItems.list(made.id)) items.push(item);
  assert.equal(items[0].content[0].text, answer("Exactly this."));
  await client.responses.delete(made.id);
  await assert.rejects(client.responses.retrieve(made.id), OpenAI.NotFoundError);
  await assert.rejects(respond("And?", { previous_response_id: made.id }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.code, "previous_response_not_found");
    return true;
  });
});

test("a stream is numbered, and the helper gathers it", async () => {
  const events = [];
  for await (const event of await respond(answer("one two three", { events: 3 }), { stream: true })) events.push(event);
  assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()]);
  assert.equal(events.map(textOf).join(""), "one two three");
  assert.equal(events.at(-1).type, "response.completed");
  const stream = client.responses.stream({ model: MODEL, input: answer("a b c", { events: 3 }) });
  assert.equal((await stream.finalResponse()).output_text, "a b c");
});

test("structured output is parsed", async () => {
  const format = zodTextFormat(z.object({ name: z.string(), age: z.number().int() }), "person");
  const reply = await client.responses.parse({ model: MODEL, input: "Anna is 30.", text: { format } });
  assert.deepEqual(Object.keys(reply.output_parsed).sort(), ["age", "name"]);
});

for (const model of [MODEL, SIGNING]) {
  test(`${model} calls a function, and goes on from its result`, async () => {
    const kept = await respond([question], { model, tools: [weather] });
    assert.deepEqual(JSON.parse(callIn(kept).arguments), { city: "Paris" });
    const more = { model, tools: [weather], previous_response_id: kept.id };
    assert.ok((await respond([resultOf(callIn(kept))], more)).output_text);

    const stateless = { model, tools: [weather], store: false, include: ["reasoning.encrypted_content"] };
    const sent = await respond([question], stateless);
    assert.ok((await respond([question, ...sent.output, resultOf(callIn(sent))], stateless)).output_text);
  });
}

test("items are referred to by their ids", async () => {
  const kept = await respond([question], { tools: [weather] });
  const reference = { type: "item_reference", id: callIn(kept).id };
  assert.ok((await respond([question, reference, resultOf(callIn(kept))], { tools: [weather] })).output_text);
});

test("a response in the background is asked for until it is there", async () => {
  let response = await respond(answer("later", { delay: "50ms" }), { background: true });
  assert.equal(response.status, "in_progress");
  while (response.status === "in_progress") {
    await sleep(20);
    response = await client.responses.retrieve(response.id);
  }
  assert.equal(response.output_text, "later");
});

test("the events of one in the background are gone on with", async () => {
  let last;
  let id;
  let text = "";
  const prompt = answer("one two three", { events: 3, delay: "30ms" });
  for await (const event of await respond(prompt, { background: true, stream: true })) {
    id ??= event.response?.id;
    last = event.sequence_number;
    text += textOf(event);
    if (text) break;
  }
  for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: last })) {
    assert.equal(event.sequence_number, ++last);
    text += textOf(event);
  }
  assert.equal(text, "one two three");
});

test("one in the background is cancelled, others are not", async () => {
  const prompt = answer("one two three", { events: 3, delay: "20s" });
  const running = await respond(prompt, { background: true });
  assert.equal((await client.responses.cancel(running.id)).status, "cancelled");
  assert.equal((await client.responses.retrieve(running.id)).status, "cancelled");
  const done = await respond("Hello!");
  await assert.rejects(client.responses.cancel(done.id), OpenAI.BadRequestError);
});

test("tokens are counted", async () => {
  assert.ok((await client.responses.inputTokens.count({ model: MODEL, input: "How many?" })).input_tokens > 0);
});

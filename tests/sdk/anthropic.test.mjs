// The official Anthropic SDK for JavaScript, used as its README shows, against gembal.

import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { PICTURE, SIGNING, TOKEN, URL, answer, fault } from "./sandbox.mjs";

const client = new Anthropic({ baseURL: URL, apiKey: TOKEN, maxRetries: 0 });
const model = "claude-opus-4-8";
const weather = {
  name: "get_weather",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const ask = (content, more = {}) => ({ model, max_tokens: 4096, messages: [{ role: "user", content }], ...more });

test("a message is answered, with usage", async () => {
  const reply = await client.messages.create(ask(answer("Exactly this.")));
  assert.deepEqual(reply.content.map((block) => block.text), ["Exactly this."]);
  assert.equal(reply.stop_reason, "end_turn");
  assert.equal(reply.model, model);
  assert.ok(reply.usage.input_tokens > 0 && reply.usage.output_tokens > 0);
  assert.ok(reply._request_id);
});

test("a picture is seen", async () => {
  const source = { type: "base64", media_type: "image/png", data: PICTURE.split(",")[1] };
  const reply = await client.messages.create(ask([{ type: "text", text: "What is this?" }, { type: "image", source }]));
  assert.match(reply.content[0].text, /image\/png/);
});

test("a stream comes in pieces, thoughts first", async () => {
  const pieces = [];
  const prompt = answer("one two three four", { events: 4, thoughts: "Hm." });
  const stream = client.messages
    .stream(ask(prompt, { thinking: { type: "enabled", budget_tokens: 1024 } }))
    .on("text", (text) => pieces.push(text));
  const message = await stream.finalMessage();
  assert.ok(pieces.length > 1);
  assert.equal(pieces.join(""), "one two three four");
  assert.deepEqual(message.content.map((block) => block.type), ["thinking", "text"]);
  assert.equal(message.content[0].thinking, "Hm.");
});

test("a tool is called in a stream and takes its result", async () => {
  const request = ask("What is the weather in Paris?", {
    model: SIGNING, max_tokens: 8000, tools: [weather], thinking: { type: "adaptive" },
  });
  const first = await client.messages.stream(request).finalMessage();
  assert.equal(first.stop_reason, "tool_use");
  const call = first.content.at(-1);
  assert.deepEqual(call.input, { city: "Paris" });
  const result = { type: "tool_result", tool_use_id: call.id, content: "rain" };
  const messages = [...request.messages, { role: "assistant", content: first.content }, { role: "user", content: [result] }];
  const second = await client.messages.create({ ...request, messages });
  assert.equal(second.stop_reason, "end_turn");
});

test("tokens are counted, and models listed", async () => {
  const counted = await client.messages.countTokens({ model, messages: [{ role: "user", content: "Hello!" }] });
  assert.ok(counted.input_tokens > 0);
  const models = [];
  for await (const one of client.models.list()) models.push(one.id);
  assert.ok(models.length > 3);
});

test("errors are of their classes", async () => {
  await assert.rejects(client.messages.create(ask("hi", { model: "gemini-0" })), Anthropic.NotFoundError);
  await assert.rejects(client.messages.create(ask([{ type: "video" }])), Anthropic.BadRequestError);
  await assert.rejects(client.messages.create(ask(fault("overloaded"))), Anthropic.InternalServerError);
  const stranger = new Anthropic({ baseURL: URL, apiKey: "wrong", maxRetries: 0 });
  await assert.rejects(stranger.models.list(), Anthropic.AuthenticationError);
});

test("a stream that breaks off is an error", async () => {
  const stream = await client.messages.create(ask(fault("cut,2", { text: "a b c d e f", events: 6 }), { stream: true }));
  await assert.rejects(async () => {
    for await (const event of stream) assert.ok(event.type);
  }, Anthropic.APIError);
});

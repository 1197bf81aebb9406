// The official OpenAI SDK for JavaScript, used as its README shows, against gembal.

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI, { toFile } from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { MODEL, PICTURE, SIGNING, TOKEN, URL, answer, fault } from "./sandbox.mjs";

const client = new OpenAI({ baseURL: URL + "/v1", apiKey: TOKEN, maxRetries: 0 });
const user = (content) => [{ role: "user", content }];
const chat = (content, more = {}) =>
  client.chat.completions.create({ model: MODEL, messages: user(content), ...more });

const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const Person = z.object({ name: z.string(), age: z.number().int() });

test("a chat is answered, with usage that adds up", async () => {
  const reply = await chat(answer("Exactly this."));
  assert.equal(reply.choices[0].message.content, "Exactly this.");
  assert.equal(reply.choices[0].finish_reason, "stop");
  assert.equal(reply.usage.total_tokens, reply.usage.prompt_tokens + reply.usage.completion_tokens);
});

test("a picture is seen", async () => {
  const reply = await chat([{ type: "text", text: "What is this?" }, { type: "image_url", image_url: { url: PICTURE } }]);
  assert.match(reply.choices[0].message.content, /image\/png/);
});

test("the HTTP reply is there when asked for", async () => {
  const { data, response } = await chat("Hello!").withResponse();
  assert.ok(response.headers.get("x-gembal-request-id"));
  assert.ok(data.choices[0].message.content);
});

test("a stream comes in pieces, then its usage", async () => {
  const chunks = [];
  const prompt = answer("one two three four", { events: 4 });
  for await (const chunk of await chat(prompt, { stream: true, stream_options: { include_usage: true } })) chunks.push(chunk);
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), "one two three four");
  assert.equal(chunks[0].choices[0].delta.role, "assistant");
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.ok(chunks.at(-1).usage.total_tokens > 0);
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
});

test("the stream helper gathers the answer", async () => {
  const stream = client.chat.completions.stream({ model: MODEL, messages: user(answer("one two three", { events: 3 })) });
  let text = "";
  stream.on("content", (delta) => (text += delta));
  const final = await stream.finalChatCompletion();
  assert.equal(text, "one two three");
  assert.equal(final.choices[0].message.content, text);
});

test("a stream that breaks off is an error", async () => {
  await assert.rejects(async () => {
    for await (const _ of await chat(answer("one two three four", { events: 4, fault: "cut,2" }), { stream: true })) {
    }
  }, OpenAI.APIError);
});

test("a stream may be left", async () => {
  for await (const _ of await chat(answer(undefined, { words: 2000, delay: "20ms" }), { stream: true })) break;
  assert.ok((await chat("Still there?")).choices[0].message.content);
});

for (const model of [MODEL, SIGNING]) {
  test(`${model} calls a function and takes its result`, async () => {
    const messages = user("What is the weather in Paris?");
    const first = await client.chat.completions.create({ model, messages, tools: [weather] });
    const { message, finish_reason } = first.choices[0];
    assert.equal(finish_reason, "tool_calls");
    assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: "Paris" });
    messages.push(message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: "rain" });
    const second = await client.chat.completions.create({ model, messages, tools: [weather] });
    assert.equal(second.choices[0].finish_reason, "stop");
  });

  test(`${model} works with the helper that runs tools`, async () => {
    const asked = [];
    const runner = client.chat.completions.runTools({
      model,
      messages: user("What is the weather in Paris?"),
      tools: [
        {
          type: "function",
          function: { ...weather.function, parse: JSON.parse, function: ({ city }) => (asked.push(city), "rain") },
        },
      ],
    });
    assert.ok(await runner.finalContent());
    assert.deepEqual(asked, ["Paris"]);
  });

  test(`${model} works with that helper when it streams`, async () => {
    const asked = [];
    const runner = client.chat.completions.runTools({
      model,
      stream: true,
      messages: user("What is the weather in Paris?"),
      tools: [
        {
          type: "function",
          function: { ...weather.function, parse: JSON.parse, function: ({ city }) => (asked.push(city), "rain") },
        },
      ],
    });
    assert.ok(await runner.finalContent());
    assert.deepEqual(asked, ["Paris"]);
  });
}

test("structured output is parsed", async () => {
  const reply = await client.chat.completions.parse({
    model: MODEL,
    messages: user("Anna is 30."),
    response_format: zodResponseFormat(Person, "person"),
  });
  assert.deepEqual(Object.keys(reply.choices[0].message.parsed).sort(), ["age", "name"]);
});

test("embeddings are the same as floats and as base64", async () => {
  const embed = async (encoding_format) =>
    (await client.embeddings.create({ model: "gemini-embedding-001", input: ["a", "b"], dimensions: 64, encoding_format })).data;
  const byDefault = await embed(undefined);
  const floats = await embed("float");
  assert.equal(byDefault[1].index, 1);
  assert.equal(byDefault[0].embedding.length, 64);
  byDefault[0].embedding.forEach((value, at) => assert.ok(Math.abs(value - floats[0].embedding[at]) < 1e-6));
});

test("texts are read out, and recordings written down", async () => {
  const speech = await client.audio.speech.create({ model: "tts-1", voice: "onyx", input: "Good morning!", response_format: "flac" });
  assert.equal(speech.headers.get("content-type"), "audio/flac");
  const sound = Buffer.from(await speech.arrayBuffer());
  assert.equal(sound.subarray(0, 4).toString(), "fLaC");
  const write = async (more) =>
    client.audio.transcriptions.create({ model: "gpt-4o-transcribe", file: await toFile(sound, "a.flac"), ...more });
  const { text } = await write({});
  assert.ok(text);
  let streamed = "";
  for await (const event of await write({ stream: true })) streamed += event.delta ?? "";
  assert.equal(streamed, text);
  assert.match(await write({ response_format: "vtt" }), /^WEBVTT\n\n00:00:00.500 --> /);
});

test("models are listed and shown", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes(MODEL));
  assert.equal((await client.models.retrieve(MODEL)).id, MODEL);
});

test("each error has its class", async () => {
  await assert.rejects(client.withOptions({ apiKey: "sk-wrong" }).models.list(), OpenAI.AuthenticationError);
  await assert.rejects(chat("Hello!", { model: "gemini-0" }), OpenAI.NotFoundError);
  await assert.rejects(chat(fault("bad429day"), { model: "gemini-3.6-flash" }), OpenAI.RateLimitError);
  await assert.rejects(chat(fault("bad500"), { model: "gemini-3.7-flash" }), OpenAI.InternalServerError);
  await assert.rejects(chat("Hello!", { temperature: 5 }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, "temperature");
    return true;
  });
});

test("fifty are answered at once, each its own", async () => {
  const texts = await Promise.all(
    Array.from({ length: 50 }, async (_, number) => (await chat(answer(`number ${number}`))).choices[0].message.content));
  assert.deepEqual(texts, Array.from({ length: 50 }, (_, number) => `number ${number}`));
});

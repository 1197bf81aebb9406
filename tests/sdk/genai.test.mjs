// Google's own SDK for JavaScript against gembal's native face.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, GoogleGenAI } from "@google/genai";
import { MODEL, PICTURE, SIGNING, TOKEN, URL, answer } from "./sandbox.mjs";

const ai = new GoogleGenAI({ apiKey: TOKEN, httpOptions: { baseUrl: URL } });
const weather = {
  name: "get_weather",
  parametersJsonSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

test("a prompt is answered, with usage", async () => {
  const reply = await ai.models.generateContent({ model: MODEL, contents: answer("Exactly this.") });
  assert.equal(reply.text, "Exactly this.");
  assert.ok(reply.usageMetadata.totalTokenCount > 0);
});

test("a stream comes in pieces", async () => {
  const pieces = [];
  const prompt = answer("one two three four", { events: 4 });
  for await (const chunk of await ai.models.generateContentStream({ model: MODEL, contents: prompt })) pieces.push(chunk.text ?? "");
  assert.ok(pieces.length > 2);
  assert.equal(pieces.join(""), "one two three four");
});

test("a picture is seen", async () => {
  const inlineData = { mimeType: "image/png", data: PICTURE.split(",")[1] };
  const reply = await ai.models.generateContent({ model: MODEL, contents: ["What is this?", { inlineData }] });
  assert.match(reply.text, /image\/png/);
});

test("a chat calls a function and takes its result", async () => {
  const chat = ai.chats.create({ model: SIGNING, config: { tools: [{ functionDeclarations: [weather] }] } });
  const first = await chat.sendMessage({ message: "What is the weather in Paris?" });
  const [call] = first.functionCalls;
  assert.deepEqual(call.args, { city: "Paris" });
  const second = await chat.sendMessage({
    message: [{ functionResponse: { id: call.id, name: call.name, response: { result: "rain" } } }],
  });
  assert.ok(second.text);
});

test("a file goes up and comes into the list", async () => {
  const file = await ai.files.upload({ file: new Blob(["Some text."]), config: { mimeType: "text/plain" } });
  const names = [];
  for await (const one of await ai.files.list()) names.push(one.name);
  assert.ok(names.includes(file.name));
  await ai.files.delete({ name: file.name });
});

test("a wrong request and a wrong token are errors with their status", async () => {
  const status = (expected) => (error) => error instanceof ApiError && error.status === expected;
  await assert.rejects(ai.models.generateContent({ model: "gemini-0", contents: "Hello!" }), status(404));
  const stranger = new GoogleGenAI({ apiKey: "sk-wrong", httpOptions: { baseUrl: URL } });
  await assert.rejects(stranger.models.get({ model: MODEL }), status(401));
});

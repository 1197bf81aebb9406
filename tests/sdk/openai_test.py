"""The official OpenAI SDK for Python, used as its README shows, against gembal."""

import asyncio
import base64
import functools
import io
import json
import struct
import unittest
import wave

import openai
from pydantic import BaseModel

from sandbox import MODEL, PICTURE, SIGNING, TOKEN, URL, answer

client = openai.OpenAI(base_url=URL + "/v1", api_key=TOKEN, max_retries=0)

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
                   "additionalProperties": False}, "strict": True}}
TIME = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}}}


def user(content):
    return [{"role": "user", "content": content}]


def chat(prompt, **more):
    return client.chat.completions.create(**{"model": MODEL, "messages": user(prompt), **more})


class Person(BaseModel):
    name: str
    age: int


class Team(BaseModel):
    people: list[Person]


class Chat(unittest.TestCase):
    def test_answers(self):
        reply = chat(answer("Exactly this."))
        self.assertEqual(reply.choices[0].message.content, "Exactly this.")
        self.assertEqual(reply.choices[0].message.role, "assistant")
        self.assertEqual(reply.choices[0].finish_reason, "stop")
        self.assertEqual(reply.object, "chat.completion")
        self.assertEqual(reply.model, MODEL)
        self.assertTrue(reply.id.startswith("chatcmpl-"))

    def test_usage_adds_up(self):
        usage = chat("Tell me about rivers.").usage
        self.assertGreater(usage.prompt_tokens, 0)
        self.assertGreater(usage.completion_tokens, 0)
        self.assertEqual(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)
        self.assertLess(usage.completion_tokens_details.reasoning_tokens, usage.completion_tokens)
        self.assertEqual(usage.prompt_tokens_details.cached_tokens, 0)

    def test_knows_all_roles_and_forms_of_content(self):
        reply = client.chat.completions.create(model=MODEL, messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
            {"role": "user", "content": "Hello!", "name": "anna"},
            {"role": "assistant", "content": "Hello, Anna."},
            {"role": "user", "content": [{"type": "text", "text": "And now?"}]}])
        self.assertIn("And now?", reply.choices[0].message.content)

    def test_takes_parameters_that_gemini_does_not_know(self):
        reply = chat("Hello!", logit_bias={"50256": -100}, user="u1", metadata={"a": "b"}, store=True, verbosity="low",
                     prompt_cache_key="k", safety_identifier="s", top_p=0.9, temperature=0, seed=2**40,
                     presence_penalty=0, frequency_penalty=0, service_tier="auto", parallel_tool_calls=True,
                     extra_body={"some_future_field": {"x": 1}})
        self.assertTrue(reply.choices[0].message.content)

    def test_stops_at_the_limit_and_at_stop_sequences(self):
        reply = chat(answer("one two three four five six seven eight"), max_completion_tokens=3, reasoning_effort="none")
        self.assertEqual(reply.choices[0].finish_reason, "length")
        self.assertTrue("one two three four five six seven eight".startswith(reply.choices[0].message.content))
        reply = chat(answer("one two three"), stop=["three"])
        self.assertEqual(reply.choices[0].message.content.strip(), "one two")

    def test_sees_a_picture(self):
        reply = chat([{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PICTURE}}])
        self.assertIn("image/png", reply.choices[0].message.content)

    def test_gives_several_answers_when_asked(self):
        for model in (MODEL, SIGNING):
            with self.subTest(model):
                reply = chat("Hello!", n=3, model=model)
                self.assertEqual([choice.index for choice in reply.choices], [0, 1, 2])
                self.assertTrue(all(choice.message.content for choice in reply.choices))
                texts = ["", "", ""]
                for chunk in chat("Hello!", n=3, model=model, stream=True):
                    for choice in chunk.choices:
                        texts[choice.index] += choice.delta.content or ""
                self.assertTrue(all(texts))

    def test_thinks_as_hard_as_asked(self):
        spent = [chat("Why?", reasoning_effort=effort).usage.completion_tokens_details.reasoning_tokens
                 for effort in ("none", "low", "high")]
        self.assertEqual(spent[0], 0)
        self.assertGreater(spent[2], 0)

    def test_shows_thoughts_when_asked(self):
        wish = {"google": {"thinking_config": {"include_thoughts": True}}}
        reply = chat(answer("Done.", thoughts="Let me see."), extra_body={"extra_body": wish})
        self.assertIn("Let me see.", reply.choices[0].message.content)
        self.assertTrue(reply.choices[0].message.content.endswith("Done."))

    def test_cites_what_it_searched(self):
        message = chat("What is new?", web_search_options={}).choices[0].message
        self.assertTrue(message.annotations)
        for annotation in message.annotations:
            self.assertEqual(annotation.type, "url_citation")
            self.assertTrue(annotation.url_citation.url)
            self.assertLessEqual(annotation.url_citation.end_index, len(message.content))

    def test_gives_the_http_reply_when_asked(self):
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=user("Hello!"))
        self.assertTrue(raw.headers["x-gembal-request-id"])
        self.assertTrue(raw.parse().choices[0].message.content)

    def test_a_blocked_prompt_is_filtered(self):
        reply = chat(answer(fault="prompt-blocked"))
        self.assertEqual(reply.choices[0].finish_reason, "content_filter")
        self.assertTrue(reply.choices[0].message.refusal)
        self.assertIsNone(reply.choices[0].message.content)


class Stream(unittest.TestCase):
    def test_streams(self):
        chunks = list(chat(answer("one two three four", events=4), stream=True))
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks), "one two three four")
        self.assertGreaterEqual(len(chunks), 5)
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices[0].finish_reason], ["stop"])
        self.assertEqual(len({(c.id, c.created, c.model, c.object) for c in chunks}), 1)
        self.assertEqual(sum(bool(c.choices[0].delta.role) for c in chunks), 1)

    def test_streams_with_usage(self):
        chunks = list(chat("Hello!", stream=True, stream_options={"include_usage": True}))
        self.assertEqual(chunks[-1].choices, [])
        usage = chunks[-1].usage
        self.assertEqual(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)
        self.assertTrue(all(chunk.usage is None for chunk in chunks[:-1]))

    def test_the_stream_helper_gathers_the_answer(self):
        kinds = set()
        with client.chat.completions.stream(model=MODEL, messages=user(answer("one two three", events=3))) as stream:
            for event in stream:
                kinds.add(event.type)
            final = stream.get_final_completion()
        self.assertEqual(final.choices[0].message.content, "one two three")
        self.assertLessEqual({"chunk", "content.delta", "content.done"}, kinds)

    def test_a_stream_that_breaks_off_raises(self):
        with self.assertRaises(openai.APIError) as caught:
            for _ in chat(answer("one two three four", events=4, fault="cut,2"), stream=True):
                pass
        self.assertTrue(caught.exception.message)

    def test_an_error_in_mid_stream_raises(self):
        with self.assertRaises(openai.APIError):
            for _ in chat(answer("one two three four", events=4, fault="error-event,2,overloaded"), stream=True):
                pass

    def test_a_stream_may_be_left(self):
        with chat(answer(words=2000, delay="20ms"), stream=True) as stream:
            next(iter(stream))
        self.assertTrue(chat("Still there?").choices[0].message.content)


class Tools(unittest.TestCase):
    def converse(self, model, keep_unknown, tools=(WEATHER,), result="rain", prompt="What is the weather in Paris?"):
        """Two turns; `keep_unknown`: what the SDK does not know in a message is sent back as well."""
        messages = user(prompt)
        first = client.chat.completions.create(model=model, messages=messages, tools=list(tools))
        self.assertEqual(first.choices[0].finish_reason, "tool_calls")
        message = first.choices[0].message
        for call in message.tool_calls:
            self.assertEqual(call.type, "function")
            self.assertIsInstance(json.loads(call.function.arguments), dict)
        if keep_unknown:
            messages.append(message)
        else:
            messages.append({"role": "assistant", "content": message.content, "tool_calls": [
                {"id": c.id, "type": "function",
                 "function": {"name": c.function.name, "arguments": c.function.arguments}} for c in message.tool_calls]})
        messages += [{"role": "tool", "tool_call_id": c.id, "content": result} for c in message.tool_calls]
        second = client.chat.completions.create(model=model, messages=messages, tools=list(tools))
        self.assertEqual(second.choices[0].finish_reason, "stop")
        self.assertTrue(second.choices[0].message.content)
        return message.tool_calls

    def test_calls_and_takes_the_result(self):
        calls = self.converse(MODEL, keep_unknown=True)
        self.assertEqual(calls[0].function.name, "get_weather")
        self.assertEqual(json.loads(calls[0].function.arguments), {"city": "Paris"})

    def test_a_model_that_signs_its_calls_gets_them_back_whole(self):
        self.converse(SIGNING, keep_unknown=True)

    def test_a_model_that_signs_its_calls_is_content_when_the_client_drops_signatures(self):
        self.converse(SIGNING, keep_unknown=False)

    def test_the_result_may_be_an_object(self):
        self.converse(MODEL, keep_unknown=True, result=json.dumps({"temperature": 21}))

    def test_a_choice_of_tool_is_obeyed(self):
        reply = chat("Hello!", tools=[WEATHER, TIME], tool_choice={"type": "function", "function": {"name": "get_time"}})
        self.assertEqual([c.function.name for c in reply.choices[0].message.tool_calls], ["get_time"])
        reply = chat("What is the weather in Paris?", tools=[WEATHER], tool_choice="none")
        self.assertIsNone(reply.choices[0].message.tool_calls)
        reply = chat("Hello!", tools=[WEATHER], tool_choice="required")
        self.assertTrue(reply.choices[0].message.tool_calls)

    def test_several_calls_at_once_are_answered_together(self):
        calls = self.converse(MODEL, keep_unknown=True, tools=(WEATHER, TIME),
                              prompt="What is the weather in Paris, and what is the time?")
        self.assertEqual(sorted(call.function.name for call in calls), ["get_time", "get_weather"])

    def test_functions_of_old_clients_are_called(self):
        functions = [WEATHER["function"]]
        messages = user("What is the weather in Paris?")
        first = client.chat.completions.create(model=MODEL, messages=messages, functions=functions)
        self.assertEqual(first.choices[0].finish_reason, "function_call")
        call = first.choices[0].message.function_call
        self.assertEqual((call.name, json.loads(call.arguments)), ("get_weather", {"city": "Paris"}))
        messages += [first.choices[0].message, {"role": "function", "name": "get_weather", "content": "rain"}]
        second = client.chat.completions.create(model=MODEL, messages=messages, functions=functions)
        self.assertEqual(second.choices[0].finish_reason, "stop")

    def test_a_custom_tool_takes_a_text(self):
        tool = {"type": "custom", "custom": {"name": "run", "description": "Runs a line of code."}}
        reply = chat("Run something.", tools=[tool], tool_choice="required")
        call = reply.choices[0].message.tool_calls[0]
        self.assertEqual((call.type, call.custom.name), ("custom", "run"))
        self.assertIsInstance(call.custom.input, str)

    def test_calls_are_streamed_with_an_index(self):
        calls = {}
        for chunk in chat("What is the weather in Paris?", tools=[WEATHER], stream=True):
            for call in chunk.choices[0].delta.tool_calls or []:
                if call.index not in calls:
                    self.assertTrue(call.id)
                    calls[call.index] = [call.function.name, ""]
                calls[call.index][1] += call.function.arguments or ""
        self.assertEqual(sorted(calls), list(range(len(calls))))
        self.assertEqual(calls[0][0], "get_weather")
        self.assertEqual(json.loads(calls[0][1]), {"city": "Paris"})

    def test_the_stream_helper_parses_calls(self):
        tool = openai.pydantic_function_tool(Person)
        with client.chat.completions.stream(model=MODEL, messages=user("Person please."), tools=[tool],
                                            tool_choice="required") as stream:
            done = [e for e in stream if e.type == "tool_calls.function.arguments.done"]
            message = stream.get_final_completion().choices[0].message
        self.assertEqual(len(done), 1)
        self.assertIsInstance(message.tool_calls[0].function.parsed_arguments, Person)

    def test_ids_of_calls_are_never_the_same(self):
        ids = [c.id for _ in range(3) for c in self.converse(MODEL, keep_unknown=True)]
        self.assertEqual(len(ids), len(set(ids)))


class StructuredOutput(unittest.TestCase):
    def test_parses_a_model(self):
        reply = client.chat.completions.parse(model=MODEL, messages=user("Anna is 30."), response_format=Person)
        self.assertIsInstance(reply.choices[0].message.parsed, Person)

    def test_parses_nested_models(self):
        reply = client.chat.completions.parse(model=MODEL, messages=user("Anna is 30."), response_format=Team)
        self.assertIsInstance(reply.choices[0].message.parsed.people[0], Person)

    def test_streams_a_model(self):
        with client.chat.completions.stream(model=MODEL, messages=user("Anna is 30."), response_format=Team) as stream:
            self.assertIsInstance(stream.get_final_completion().choices[0].message.parsed, Team)

    def test_json_mode_gives_json(self):
        reply = chat("Anything, as JSON.", response_format={"type": "json_object"})
        self.assertIsInstance(json.loads(reply.choices[0].message.content), dict)


class Embeddings(unittest.TestCase):
    def embed(self, texts, **more):
        return client.embeddings.create(model="gemini-embedding-001", input=texts, **more)

    def test_floats_are_those_of_base64(self):
        plain = self.embed("a", encoding_format="float").data[0].embedding
        default = self.embed("a").data[0].embedding  # asks for base64, and decodes it
        coded = self.embed("a", encoding_format="base64").data[0].embedding
        self.assertEqual(len(default), 3072)
        self.assertEqual(list(struct.unpack("<3072f", base64.b64decode(coded))), default)
        for one, other in zip(plain, default):
            self.assertAlmostEqual(one, other, places=6)

    def test_keeps_the_order_of_a_list(self):
        reply = self.embed(["a", "b", "a"])
        self.assertEqual([one.index for one in reply.data], [0, 1, 2])
        self.assertEqual(reply.data[0].embedding, reply.data[2].embedding)
        self.assertNotEqual(reply.data[0].embedding, reply.data[1].embedding)
        self.assertGreater(reply.usage.total_tokens, 0)

    def test_shorter_vectors_have_length_one(self):
        vector = self.embed("a", dimensions=256).data[0].embedding
        self.assertEqual(len(vector), 256)
        self.assertAlmostEqual(sum(x * x for x in vector), 1, places=4)

    def test_tokens_are_refused(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.embed([1, 2, 3])
        self.assertEqual(caught.exception.param, "input")


class Models(unittest.TestCase):
    def test_lists_and_shows(self):
        models = list(client.models.list())
        self.assertIn(MODEL, [model.id for model in models])
        self.assertTrue(all(m.object == "model" and m.created and m.owned_by for m in models))
        self.assertEqual(client.models.retrieve(MODEL).id, MODEL)

    def test_an_unknown_one_is_not_found(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            client.models.retrieve("gpt-9")
        self.assertEqual(caught.exception.code, "model_not_found")


class Audio(unittest.TestCase):
    def speech(self, **more):
        return client.audio.speech.create(**{"model": "gpt-4o-mini-tts", "voice": "coral", "input": "A wonderful day!", **more})

    def test_speaks(self):
        with client.audio.speech.with_streaming_response.create(
                model="gpt-4o-mini-tts", voice="coral", input="A wonderful day!", instructions="Cheerfully.") as reply:
            self.assertEqual(reply.headers["content-type"], "audio/mpeg")
            self.assertEqual(b"".join(reply.iter_bytes())[:1], b"\xff")
        with wave.open(io.BytesIO(self.speech(response_format="wav", speed=1.5).content)) as sound:
            self.assertEqual((sound.getframerate(), sound.getnchannels(), sound.getsampwidth()), (24000, 1, 2))
            self.assertEqual(len(sound.readframes(10**9)), 2 * sound.getnframes())

    def test_writes_down_what_is_said(self):
        sound = ("a.wav", self.speech(response_format="wav").content)
        write = functools.partial(client.audio.transcriptions.create, model="whisper-1", file=sound)
        text = write().text
        self.assertTrue(text)
        self.assertEqual(write(response_format="text"), text + "\n")
        self.assertIn(" --> ", write(response_format="srt"))
        verbose = write(response_format="verbose_json", timestamp_granularities=["word", "segment"])
        self.assertEqual([verbose.words[0].start, verbose.segments[0].start], [0.5, 0.5])
        self.assertEqual(verbose.usage.type, "duration")
        events = list(write(model="gpt-4o-transcribe", stream=True))
        self.assertEqual(events[-1].type, "transcript.text.done")
        self.assertEqual("".join(event.delta for event in events[:-1]), events[-1].text)

    def test_no_recording_is_a_bad_request(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"I am text."))
        self.assertEqual(caught.exception.param, "file")


class Errors(unittest.TestCase):
    def test_a_wrong_token_raises_authentication_error(self):
        with self.assertRaises(openai.AuthenticationError) as caught:
            client.with_options(api_key="sk-wrong").models.list()
        self.assertEqual(caught.exception.status_code, 401)

    def test_an_unknown_model_raises_not_found(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            chat("Hello!", model="gemini-0")
        self.assertEqual(caught.exception.code, "model_not_found")

    def test_a_wrong_request_raises_bad_request_and_names_the_parameter(self):
        for parameter, more in {"temperature": {"temperature": 5}, "messages": {"messages": []},
                                "tools": {"tools": [{"type": "function"}]}}.items():
            with self.subTest(parameter), self.assertRaises(openai.BadRequestError) as caught:
                chat("Hello!", **more)
            self.assertEqual(caught.exception.type, "invalid_request_error")
            self.assertEqual((caught.exception.param or "").split("[")[0].split(".")[0], parameter)

    def test_no_quota_raises_rate_limit_error_and_says_when(self):
        with self.assertRaises(openai.RateLimitError) as caught:
            chat(answer(fault="bad429day"), model="gemini-3.6-flash")
        self.assertGreater(int(caught.exception.response.headers["retry-after"]), 0)

    def test_a_failing_upstream_raises_internal_server_error(self):
        with self.assertRaises(openai.InternalServerError):
            chat(answer(fault="bad500"), model="gemini-3.7-flash")


class Async(unittest.IsolatedAsyncioTestCase):
    async def test_fifty_at_once(self):
        async with openai.AsyncOpenAI(base_url=URL + "/v1", api_key=TOKEN, max_retries=0) as many:
            async def one(number):
                if number % 2:
                    reply = await many.chat.completions.create(model=MODEL, messages=user(answer(f"number {number}")))
                    return reply.choices[0].message.content
                text = ""
                async for chunk in await many.chat.completions.create(
                        model=MODEL, messages=user(answer(f"number {number}", events=2)), stream=True):
                    text += chunk.choices[0].delta.content or ""
                return text
            self.assertEqual(await asyncio.gather(*map(one, range(50))), [f"number {n}" for n in range(50)])


if __name__ == "__main__":
    unittest.main()

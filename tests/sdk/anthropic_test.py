"""The official Anthropic SDK for Python, used as its README shows, against gembal."""

import asyncio
import json
import unittest

import anthropic
from pydantic import BaseModel

from sandbox import MODEL, PICTURE, SIGNING, TOKEN, URL, answer

CLAUDE = "claude-opus-4-8"

client = anthropic.Anthropic(base_url=URL, api_key=TOKEN, max_retries=0)

WEATHER = {"name": "get_weather", "description": "The weather of a city.",
           "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}


def user(content):
    return [{"role": "user", "content": content}]


def create(prompt, **more):
    return client.messages.create(**{"model": CLAUDE, "max_tokens": 4096, "messages": user(prompt), **more})


class Person(BaseModel):
    name: str
    age: int


class Messages(unittest.TestCase):
    def test_answers(self):
        reply = create(answer("Exactly this."))
        self.assertEqual(reply.content[0].text, "Exactly this.")
        self.assertEqual(reply.stop_reason, "end_turn")
        self.assertEqual((reply.type, reply.role, reply.model), ("message", "assistant", CLAUDE))
        self.assertGreater(reply.usage.input_tokens, 0)
        self.assertGreater(reply.usage.output_tokens, 0)
        self.assertTrue(reply._request_id)

    def test_takes_a_token_as_bearer(self):
        bearer = anthropic.Anthropic(base_url=URL, auth_token=TOKEN, api_key=None, max_retries=0)
        reply = bearer.messages.create(model=MODEL, max_tokens=100, messages=user(answer("Hi.")))
        self.assertEqual(reply.content[0].text, "Hi.")

    def test_knows_all_forms_of_content(self):
        media_type, data = PICTURE.removeprefix("data:").split(";base64,")
        reply = create([{"type": "text", "text": "What is this?", "cache_control": {"type": "ephemeral"}},
                        {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}},
                        {"type": "document", "title": "A note",
                         "source": {"type": "text", "media_type": "text/plain", "data": "Some words."}}],
                       system=[{"type": "text", "text": "Be brief."}], extra_body={"temperature": 0.3, "top_p": 0.9, "top_k": 20},
                       metadata={"user_id": "u"}, service_tier="auto", stop_sequences=["###"])
        self.assertIn("image/png", reply.content[0].text)

    def test_stops_at_the_limit(self):
        reply = create(answer("one two three four five six"), max_tokens=3)
        self.assertEqual(reply.stop_reason, "max_tokens")

    def test_thinks(self):
        reply = create(answer("Yes.", thoughts="Hm."), thinking={"type": "enabled", "budget_tokens": 1024})
        self.assertEqual([block.type for block in reply.content], ["thinking", "text"])
        self.assertEqual(reply.content[0].thinking, "Hm.")
        self.assertTrue(reply.content[0].signature)
        self.assertGreater(reply.usage.output_tokens_details.thinking_tokens, 0)

    def test_counts_tokens(self):
        counted = client.messages.count_tokens(model=CLAUDE, messages=user("Hello!"), system="Be brief.", tools=[WEATHER])
        self.assertGreater(counted.input_tokens, 0)

    def test_parses_structured_output(self):
        reply = client.messages.parse(model=CLAUDE, max_tokens=4096, output_format=Person,
                                      messages=user("Invent a person."))
        self.assertIsInstance(reply.parsed_output, Person)

    def test_is_served_asynchronously(self):
        async def ask():
            async with anthropic.AsyncAnthropic(base_url=URL, api_key=TOKEN) as many:
                asked = [many.messages.create(model=CLAUDE, max_tokens=100, messages=user(answer(str(i)))) for i in range(5)]
                return [reply.content[0].text for reply in await asyncio.gather(*asked)]
        self.assertEqual(asyncio.run(ask()), list("01234"))

    def test_beta_requests_are_the_same(self):
        reply = client.beta.messages.create(model=CLAUDE, max_tokens=100, betas=["some-beta-2025-01-01"],
                                            messages=user(answer("Hi.")))
        self.assertEqual(reply.content[0].text, "Hi.")


class Streams(unittest.TestCase):
    def test_text(self):
        with client.messages.stream(model=CLAUDE, max_tokens=4096,
                                    messages=user(answer("one two three four", events=4))) as stream:
            pieces = list(stream.text_stream)
            message = stream.get_final_message()
        self.assertGreater(len(pieces), 1)
        self.assertEqual("".join(pieces), "one two three four")
        self.assertEqual(message.content[0].text, "one two three four")
        self.assertEqual(message.stop_reason, "end_turn")
        self.assertGreater(message.usage.output_tokens, 0)

    def test_raw_events(self):
        events = [event.type for event in create(answer("Hi."), stream=True)]
        self.assertEqual(events[0], "message_start")
        self.assertEqual(events[-2:], ["message_delta", "message_stop"])

    def test_thinking_then_a_tool(self):
        with client.messages.stream(model=SIGNING, max_tokens=8000, tools=[WEATHER], thinking={"type": "adaptive"},
                                    messages=user("What is the weather in Paris?")) as stream:
            message = stream.get_final_message()
        self.assertEqual(message.stop_reason, "tool_use")
        self.assertEqual(message.content[-1].name, "get_weather")
        self.assertEqual(message.content[-1].input, {"city": "Paris"})

    def test_an_error_in_the_midst_is_raised(self):
        with self.assertRaises(anthropic.APIStatusError) as raised:
            for _ in create(answer("a b c d e f", events=6, fault="cut,2"), stream=True):
                pass
        self.assertIn("upstream", str(raised.exception))


class Tools(unittest.TestCase):
    def test_a_tool_is_called_and_answers_with_and_without_thinking(self):
        for thinking in ({"type": "adaptive"}, {"type": "disabled"}):
            with self.subTest(thinking=thinking):
                asked = user("What is the weather in Paris?")
                more = {"model": SIGNING, "max_tokens": 8000, "tools": [WEATHER], "thinking": thinking}
                first = client.messages.create(messages=asked, **more)
                self.assertEqual(first.stop_reason, "tool_use")
                call = first.content[-1]
                result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "rain"}]}
                second = client.messages.create(
                    messages=asked + [{"role": "assistant", "content": first.content}, *user([result])], **more)
                self.assertEqual(second.stop_reason, "end_turn")
                self.assertTrue(second.content[-1].text)

    def test_the_sdks_own_loop_runs_them(self):
        cities = []

        @anthropic.beta_tool
        def get_weather(city: str) -> str:
            """The weather of a city.

            Args:
                city: its name
            """
            cities.append(city)
            return json.dumps({"weather": "rain"})

        runner = client.beta.messages.tool_runner(model=SIGNING, max_tokens=8000, tools=[get_weather],
                                                  messages=user("What is the weather in Paris?"))
        last = runner.until_done()
        self.assertEqual(cities, ["Paris"])
        self.assertEqual(last.stop_reason, "end_turn")

    def test_a_search_has_links(self):
        reply = create("Who won the last game?", tools=[{"type": "web_search_20250305", "name": "web_search"}])
        types = [block.type for block in reply.content]
        self.assertIn("web_search_tool_result", types)
        found = reply.content[types.index("web_search_tool_result")]
        self.assertTrue(found.content[0].url)
        self.assertTrue(reply.content[types.index("text")].citations)


class Models(unittest.TestCase):
    def test_are_listed_and_shown(self):
        names = [model.id for model in client.models.list()]
        self.assertIn(MODEL, names)
        self.assertTrue(client.models.retrieve(MODEL).display_name)


class Errors(unittest.TestCase):
    def test_are_raised_as_their_classes(self):
        cases = [
            (anthropic.BadRequestError, lambda: create([{"type": "text"}, {"type": "video"}])),
            (anthropic.NotFoundError, lambda: create("hi", model="gemini-0")),
            (anthropic.OverloadedError, lambda: create(answer(fault="overloaded"))),
            (anthropic.InternalServerError, lambda: create(answer(fault="bad500"))),
            (anthropic.AuthenticationError,
             lambda: anthropic.Anthropic(base_url=URL, api_key="wrong", max_retries=0).models.list()),
        ]
        for kind, ask in cases:
            with self.subTest(kind=kind.__name__), self.assertRaises(kind) as raised:
                ask()
            self.assertEqual(raised.exception.body["type"], "error")

    def test_a_blocked_prompt_is_a_refusal(self):
        self.assertEqual(create(answer(fault="prompt-blocked")).stop_reason, "refusal")


if __name__ == "__main__":
    unittest.main()

"""The Responses API through the official OpenAI SDK for Python."""

import json
import unittest

import openai
from pydantic import BaseModel

from sandbox import MODEL, PICTURE, SIGNING, TOKEN, URL, answer

client = openai.OpenAI(base_url=URL + "/v1", api_key=TOKEN, max_retries=0)

WEATHER = {"type": "function", "name": "get_weather", "description": "The weather of a city.", "strict": True,
           "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
                          "additionalProperties": False}}


class Person(BaseModel):
    name: str
    age: int


def respond(prompt, **more):
    return client.responses.create(**{"model": MODEL, "input": prompt, **more})


class Create(unittest.TestCase):
    def test_answers(self):
        response = respond(answer("Exactly this."), instructions="Be brief.")
        self.assertEqual(response.output_text, "Exactly this.")
        self.assertEqual((response.object, response.status, response.model), ("response", "completed", MODEL))
        self.assertTrue(response.id.startswith("resp_"))
        self.assertEqual(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens)

    def test_knows_all_forms_of_input(self):
        response = respond([
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_text", "text": "What is this?"},
                                         {"type": "input_image", "image_url": PICTURE, "detail": "auto"}]}])
        self.assertIn("image/png", response.output_text)

    def test_stops_at_the_limit(self):
        response = respond(answer(words=500), max_output_tokens=20, reasoning={"effort": "none"})
        self.assertEqual(response.status, "incomplete")
        self.assertEqual(response.incomplete_details.reason, "max_output_tokens")

    def test_summarises_its_reasoning(self):
        response = respond(answer("Done.", thoughts="Let me see."), reasoning={"effort": "high", "summary": "auto"})
        self.assertEqual([item.type for item in response.output], ["reasoning", "message"])
        self.assertEqual(response.output[0].summary[0].text, "Let me see.")
        self.assertGreater(response.usage.output_tokens_details.reasoning_tokens, 0)

    def test_goes_on_from_a_response(self):
        first = respond("My name is Anna.")
        second = respond("What is my name?", previous_response_id=first.id)
        self.assertEqual(second.previous_response_id, first.id)
        self.assertGreater(second.usage.input_tokens, respond("What is my name?").usage.input_tokens)

    def test_responses_are_kept_until_deleted(self):
        made = respond(answer("Keep this."))
        self.assertEqual(client.responses.retrieve(made.id).output_text, "Keep this.")
        self.assertEqual(len(client.responses.input_items.list(made.id).data), 1)
        client.responses.delete(made.id)
        with self.assertRaises(openai.NotFoundError):
            client.responses.retrieve(made.id)

    def test_nothing_is_kept_when_told_so(self):
        made = respond("Forget this.", store=False)
        with self.assertRaises(openai.NotFoundError):
            client.responses.retrieve(made.id)

    def test_parses_a_model(self):
        response = client.responses.parse(model=MODEL, input="Anna is 30.", text_format=Person)
        self.assertIsInstance(response.output_parsed, Person)


class Stream(unittest.TestCase):
    def test_streams_events_in_their_order(self):
        events = list(respond(answer("one two three four", events=4), stream=True))
        kinds = [event.type for event in events]
        self.assertEqual(kinds[:2], ["response.created", "response.in_progress"])
        self.assertEqual(kinds[-1], "response.completed")
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        self.assertEqual("".join(event.delta for event in events if event.type == "response.output_text.delta"), "one two three four")
        for kind in ("response.content_part.added", "response.output_text.done", "response.content_part.done"):
            self.assertEqual(kinds.count(kind), 1, kind)
        # A model that thinks may have an item for that, too.
        for kind in ("response.output_item.added", "response.output_item.done"):
            items = [event.item for event in events if event.type == kind]
            self.assertEqual([item.type for item in items if item.type != "reasoning"], ["message"], kind)
        self.assertEqual([item.id for item in items], [item.id for item in events[-1].response.output])

    def test_the_stream_helper_gathers_the_answer(self):
        with client.responses.stream(model=MODEL, input=answer("one two three", events=3)) as stream:
            for _ in stream:
                pass
            self.assertEqual(stream.get_final_response().output_text, "one two three")

    def test_the_stream_helper_parses_a_model(self):
        with client.responses.stream(model=MODEL, input="Anna is 30.", text_format=Person) as stream:
            for _ in stream:
                pass
            self.assertIsInstance(stream.get_final_response().output_parsed, Person)

    def test_a_stream_that_breaks_off_is_known(self):
        kinds = []
        try:
            kinds = [event.type for event in respond(answer("one two three four", events=4, fault="cut,2"), stream=True)]
        except openai.APIError:
            kinds.append("error")
        self.assertNotIn("response.completed", kinds)
        self.assertIn(kinds[-1], ("error", "response.failed"))


class Tools(unittest.TestCase):
    def converse(self, model, stateful):
        question = {"role": "user", "content": "What is the weather in Paris?"}
        first = respond([question], model=model, tools=[WEATHER])
        call = next(item for item in first.output if item.type == "function_call")
        self.assertEqual((call.name, json.loads(call.arguments)), ("get_weather", {"city": "Paris"}))
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        if stateful:
            second = respond([result], model=model, tools=[WEATHER], previous_response_id=first.id)
        else:
            second = respond([question, *first.output, result], model=model, tools=[WEATHER], store=False)
        self.assertTrue(second.output_text)

    def test_calls_and_takes_the_result(self):
        for model in (MODEL, SIGNING):
            for stateful in (True, False):
                with self.subTest(model=model, stateful=stateful):
                    self.converse(model, stateful)

    def test_calls_are_streamed(self):
        events = list(respond("What is the weather in Paris?", tools=[WEATHER], stream=True))
        arguments = "".join(e.delta for e in events if e.type == "response.function_call_arguments.delta")
        self.assertEqual(json.loads(arguments), {"city": "Paris"})
        done = next(e for e in events if e.type == "response.function_call_arguments.done")
        self.assertEqual(done.arguments, arguments)


class Errors(unittest.TestCase):
    def test_a_wrong_request_raises_bad_request_and_names_the_parameter(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            respond("Hello!", temperature=5)
        self.assertEqual(caught.exception.param, "temperature")

    def test_an_unknown_previous_response_is_refused(self):
        with self.assertRaises((openai.BadRequestError, openai.NotFoundError)) as caught:
            respond("Hello!", previous_response_id="resp_0123456789")
        self.assertEqual(caught.exception.param, "previous_response_id")


if __name__ == "__main__":
    unittest.main()

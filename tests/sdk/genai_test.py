"""Google's own SDK for Python against gembal's native face."""

import asyncio
import io
import unittest

from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from sandbox import MODEL, SIGNING, TOKEN, URL, answer, png

client = genai.Client(api_key=TOKEN, http_options={"base_url": URL})


class Person(BaseModel):
    name: str
    age: int


def get_weather(city: str) -> str:
    """The weather of a city."""
    asked.append(city)
    return "rain"


asked = []


class Generate(unittest.TestCase):
    def test_answers(self):
        reply = client.models.generate_content(model=MODEL, contents=answer("Exactly this."))
        self.assertEqual(reply.text, "Exactly this.")
        self.assertGreater(reply.usage_metadata.total_token_count, 0)

    def test_streams(self):
        pieces = [c.text or "" for c in client.models.generate_content_stream(
            model=MODEL, contents=answer("one two three four", events=4))]
        self.assertGreater(len(pieces), 2)
        self.assertEqual("".join(pieces), "one two three four")

    def test_sees_a_picture(self):
        reply = client.models.generate_content(model=MODEL, contents=[
            "What is this?", types.Part.from_bytes(data=png(), mime_type="image/png")])
        self.assertIn("image/png", reply.text)

    def test_a_chat_remembers(self):
        chat = client.chats.create(model=SIGNING)
        self.assertTrue(chat.send_message("Hello!").text)
        self.assertTrue(chat.send_message("And now?").text)
        self.assertEqual(len(chat.get_history()), 4)

    def test_functions_are_called_by_the_sdk(self):
        for model in (MODEL, SIGNING):
            with self.subTest(model):
                asked.clear()
                reply = client.models.generate_content(
                    model=model, contents="What is the weather in Paris?",
                    config=types.GenerateContentConfig(tools=[get_weather]))
                self.assertEqual(asked, ["Paris"])
                self.assertTrue(reply.text)

    def test_parses_a_model(self):
        reply = client.models.generate_content(
            model=MODEL, contents="Anna is 30.",
            config={"response_mime_type": "application/json", "response_schema": Person})
        self.assertIsInstance(reply.parsed, Person)

    def test_counts_tokens(self):
        self.assertGreater(client.models.count_tokens(model=MODEL, contents="Hello!").total_tokens, 0)

    def test_embeds(self):
        reply = client.models.embed_content(model="gemini-embedding-001", contents=["a", "b"])
        self.assertEqual([len(one.values) for one in reply.embeddings], [3072, 3072])

    def test_fifty_at_once(self):
        async def ask():
            return await asyncio.gather(*(
                client.aio.models.generate_content(model=MODEL, contents=answer(f"number {n}")) for n in range(50)))
        self.assertEqual([reply.text for reply in asyncio.run(ask())], [f"number {n}" for n in range(50)])


class Others(unittest.TestCase):
    def test_lists_models(self):
        self.assertIn("models/" + MODEL, [model.name for model in client.models.list()])

    def test_a_file_goes_up_and_into_a_prompt(self):
        file = client.files.upload(file=io.BytesIO(b"Some text. " * 1000), config={"mime_type": "text/plain"})
        try:
            self.assertEqual(client.files.get(name=file.name).size_bytes, 11_000)
            self.assertIn(file.name, client.models.generate_content(model=MODEL, contents=["Look.", file]).text)
        finally:
            client.files.delete(name=file.name)

    def test_a_wrong_request_is_a_client_error(self):
        with self.assertRaises(errors.ClientError) as caught:
            client.models.generate_content(model="gemini-0", contents="Hello!")
        self.assertEqual(caught.exception.code, 404)

    def test_a_wrong_token_is_a_client_error(self):
        stranger = genai.Client(api_key="sk-wrong", http_options={"base_url": URL})
        with self.assertRaises(errors.ClientError) as caught:
            stranger.models.get(model=MODEL)
        self.assertEqual(caught.exception.code, 401)


if __name__ == "__main__":
    unittest.main()

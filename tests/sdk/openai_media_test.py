"""Pictures, sound and old-style completions through the official OpenAI SDK for Python."""

import base64
import io
import unittest
import wave

import openai

from sandbox import MODEL, TOKEN, URL, answer, png

client = openai.OpenAI(base_url=URL + "/v1", api_key=TOKEN, max_retries=0)
DRAWING = "gemini-2.5-flash-image"
SPEAKING = "gemini-2.5-flash-preview-tts"


def is_picture(encoded):
    data = base64.b64decode(encoded)
    return data.startswith((b"\x89PNG", b"\xff\xd8", b"RIFF"))


def spoken():
    """A second of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    return file.getvalue()


class Images(unittest.TestCase):
    def test_draws(self):
        reply = client.images.generate(model=DRAWING, prompt="A lighthouse.", n=2, size="1024x1024", response_format="b64_json")
        self.assertEqual(len(reply.data), 2)
        self.assertTrue(all(is_picture(one.b64_json) for one in reply.data))
        self.assertGreater(reply.created, 1_700_000_000)

    def test_gives_an_address_when_asked(self):
        reply = client.images.generate(model=DRAWING, prompt="A lighthouse.", response_format="url")
        self.assertTrue(reply.data[0].url.startswith("http"))

    def test_edits(self):
        reply = client.images.edit(model=DRAWING, image=("a.png", png(), "image/png"), prompt="Make it blue.", response_format="b64_json")
        self.assertTrue(is_picture(reply.data[0].b64_json))
        reply = client.images.edit(model=DRAWING, image=[("a.png", png()), ("b.png", png())], prompt="Join them.", response_format="b64_json")
        self.assertTrue(is_picture(reply.data[0].b64_json))

    def test_streams(self):
        events = list(client.images.generate(model=DRAWING, prompt="A lighthouse.", stream=True, partial_images=1))
        self.assertEqual(events[-1].type, "image_generation.completed")
        self.assertTrue(is_picture(events[-1].b64_json))

    def test_refuses_what_it_cannot_draw(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            client.images.generate(model=DRAWING, prompt="")
        self.assertEqual(caught.exception.param, "prompt")


class Audio(unittest.TestCase):
    def test_speaks(self):
        sound = client.audio.speech.create(model=SPEAKING, voice="alloy", input="Hello!", response_format="wav").read()
        with wave.open(io.BytesIO(sound)) as opened:
            self.assertGreater(opened.getnframes(), 0)
            self.assertEqual(opened.getframerate(), 24000)

    def test_speaks_into_a_stream(self):
        with client.audio.speech.with_streaming_response.create(
                model=SPEAKING, voice="alloy", input="Hello!", response_format="pcm") as reply:
            self.assertGreater(len(b"".join(reply.iter_bytes())), 1000)

    def test_speaks_as_mp3_by_default(self):
        sound = client.audio.speech.create(model=SPEAKING, voice="alloy", input="Hello!").read()
        self.assertTrue(sound.startswith((b"\xff", b"ID3")))

    def test_writes_down_what_it_hears(self):
        reply = client.audio.transcriptions.create(model=MODEL, file=("a.wav", spoken()))
        self.assertTrue(reply.text)
        text = client.audio.transcriptions.create(model=MODEL, file=("a.wav", spoken()), response_format="text")
        self.assertTrue(text)

    def test_refuses_what_is_no_sound(self):
        with self.assertRaises(openai.BadRequestError):
            client.audio.transcriptions.create(model=MODEL, file=("a.txt", b"no sound"))


class Completions(unittest.TestCase):
    def test_completes(self):
        reply = client.completions.create(model=MODEL, prompt=answer("Exactly this."), max_tokens=1000)
        self.assertEqual(reply.object, "text_completion")
        self.assertEqual(reply.choices[0].text, "Exactly this.")
        self.assertEqual(reply.choices[0].finish_reason, "stop")
        self.assertEqual(reply.usage.total_tokens, reply.usage.prompt_tokens + reply.usage.completion_tokens)

    def test_completes_several_prompts(self):
        reply = client.completions.create(model=MODEL, prompt=[answer("one"), answer("two")])
        self.assertEqual([(one.index, one.text) for one in reply.choices], [(0, "one"), (1, "two")])

    def test_streams(self):
        chunks = list(client.completions.create(model=MODEL, prompt=answer("one two three", events=3), stream=True))
        self.assertEqual("".join(chunk.choices[0].text for chunk in chunks if chunk.choices), "one two three")


if __name__ == "__main__":
    unittest.main()

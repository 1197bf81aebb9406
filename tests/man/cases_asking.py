"""Examples that ask the API: chat, embed, image, models."""

import json
import struct

from cases import example
from processes import reads

PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
DOCUMENT = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PERSON = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}
LINES = "a cat\na dog\na bird\n"


def sent_types(place):
    return [part["inlineData"]["mimeType"] for part in place.upstream.question() if "inlineData" in part]


def sent_text(place):
    return "\n".join(part["text"] for part in place.upstream.question() if "text" in part)


# Chat

@example("gembal chat 'What is a monad?'")
def _(place):
    place.has_keys()
    place.runs().prints('You wrote: "What is a monad\\?"')


@example("git diff | gembal chat 'Write a commit message.'", "git diff | gembal chat 'Review this.'")
def _(place):
    place.has_keys()
    place.has_change()
    place.upstream.answer = "Greets in the evening, too"
    assert place.runs().out == "Greets in the evening, too\n"
    assert "-Good morning\n+Good evening\n" in sent_text(place)
    assert place.command.split("'")[1] in sent_text(place)


@example("gembal chat -f photo.jpg 'What is this?'")
def _(place):
    place.has_keys()
    place.has_file("photo.jpg", PHOTO)
    place.runs().prints('What is this\\?')
    assert sent_types(place) == ["image/jpeg"]


@example("gembal chat -f photo.jpg -f notes.pdf 'What have these in common?'")
def _(place):
    place.has_keys()
    place.has_file("photo.jpg", PHOTO)
    place.has_file("notes.pdf", DOCUMENT)
    place.runs().prints('What have these in common\\?')
    assert sent_types(place) == ["image/jpeg", "application/pdf"]


@example("gembal chat -c 'And the second one?'", "gembal chat -c 'And in one sentence?'")
def _(place):
    place.has_keys()
    place.gembal("chat", "Name two rivers.")
    place.runs().prints('You wrote: "And ')
    said = [turn["parts"][0]["text"] for turn in place.upstream.asked[-1]["contents"]]
    assert len(said) == 3 and said[0] == "Name two rivers.", said


@example("gembal chat -x 'A sed line that joins the lines of notes.txt.' | sh")
def _(place):
    place.has_keys()
    place.has_file("notes.txt", "one\ntwo\nthree\n")
    place.upstream.answer = "This does it:\n\n```sh\nsed -z 's/\\n\\(.\\)/, \\1/g' notes.txt\n```\n\nThe rest is silence.\n"
    assert place.runs().out == "one, two, three\n"


@example("gembal chat --json 'Name three rivers.' | jq -r .text")
def _(place):
    place.has_keys()
    place.upstream.answer = "Rhine, Main, Lahn"
    assert place.runs().out == "Rhine, Main, Lahn\n"


@example("gembal chat")
def _(place):
    place.has_keys()
    terminal = place.runs_in_terminal()
    terminal.shows("/help for help")
    terminal.shows("> ")
    terminal.types("Hello\r")
    terminal.shows('You wrote: "Hello"')
    terminal.shows("> ")
    terminal.types("/quit\r")
    terminal.ends()


@example("gembal chat --search 'What happened today?'")
def _(place):
    place.has_keys()
    place.runs().prints("What happened today")
    assert any("googleSearch" in tool or "google_search" in tool for tool in place.upstream.asked[-1]["tools"])


@example("gembal chat --schema person.json 'Invent one.'")
def _(place):
    place.has_keys()
    place.has_file("person.json", json.dumps(PERSON))
    person = json.loads(place.runs().out)
    assert set(person) == {"name", "age"}, person


@example("gembal chat -r translator < letter.txt")
def _(place):
    place.has_keys()
    place.has_file(".config/gembal/roles/translator.md", "Translate into French.\n")
    place.has_file("letter.txt", "Dear Marie\n")
    place.runs().prints("Dear Marie")
    assert "Translate into French." in json.dumps(place.upstream.asked[-1]["systemInstruction"])


@example("gembal chat --via http://server:8000 'Hello'")
def _(place):
    place.has_keys()
    place.has_daemon()
    place.env["XDG_DATA_HOME"] = f"{place.home}/elsewhere"  # another machine
    place.runs().prints('You wrote: "Hello"')


# Vectors

@example("gembal embed 'a cat' 'a dog'")
def _(place):
    place.has_keys()
    cat, dog = [json.loads(line) for line in place.runs().out.splitlines()]
    assert (cat["text"], dog["text"]) == ("a cat", "a dog")
    assert len(cat["embedding"]) == len(dog["embedding"]) >= 768


@example("gembal embed < lines.txt > vectors.jsonl")
def _(place):
    place.has_keys()
    place.has_file("lines.txt", LINES)
    place.runs()
    assert [json.loads(line)["text"] for line in place.text("vectors.jsonl").splitlines()] == LINES.splitlines()


@example("gembal embed --file lines.txt -o vectors.npy --dimensions 768")
def _(place):
    place.has_keys()
    place.has_file("lines.txt", LINES)
    place.runs()
    vectors = place.bytes("vectors.npy")
    assert vectors.startswith(b"\x93NUMPY") and b"(3, 768)" in vectors[:128], vectors[:128]


@example("gembal embed --file big.jsonl -o vectors.jsonl --resume", "gembal embed --file lines.txt -o vectors.jsonl --resume")
def _(place):
    place.has_keys()
    texts = [f"text number {number}" for number in range(150)]
    place.has_file("lines.txt", "".join(text + "\n" for text in texts))
    place.has_file("big.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts))
    place.runs()
    lines = place.text("vectors.jsonl").splitlines(keepends=True)
    assert [json.loads(line)["text"] for line in lines] == texts
    place.has_file("vectors.jsonl", "".join(lines[:40]) + lines[40][:50])  # the interruption
    before = len(place.upstream.asked)
    place.runs()
    assert [json.loads(line)["text"] for line in place.text("vectors.jsonl").splitlines()] == texts
    assert sum(len(asked["requests"]) for asked in place.upstream.asked[before:]) == 110


@example("gembal embed --task-type retrieval-query 'where do cats sleep?'")
def _(place):
    place.has_keys()
    assert json.loads(place.runs().out)["text"] == "where do cats sleep?"
    asked = json.dumps(place.upstream.asked[-1])
    assert "RETRIEVAL_QUERY" in asked or "task: search result | query: where" in asked, asked


# Pictures

def is_picture(content):
    return content.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff"))


@example("gembal image 'a siamese cat' -o cat.png")
def _(place):
    place.has_keys()
    place.runs().prints("^cat.png$")
    assert is_picture(place.bytes("cat.png"))


@example("gembal image 'a harbour at dawn' -o harbour.png -n 3 --aspect 16:9 --size 2K")
def _(place):
    place.has_keys()
    place.runs().prints("^harbour-1.png$", "^harbour-2.png$", "^harbour-3.png$")
    width, height = struct.unpack(">II", place.bytes("harbour-3.png")[16:24])
    assert width > height
    wanted = place.upstream.asked[-1]["generationConfig"]["imageConfig"]
    assert wanted == {"aspectRatio": "16:9", "imageSize": "2K"}, wanted


@example("gembal image 'make the sky green' -i harbour-1.png -o green.png")
def _(place):
    place.has_keys()
    place.gembal("image", "a harbour", "-o", "harbour-1.png")
    place.runs().prints("^green.png$")
    assert sent_types(place) == ["image/png"]
    assert is_picture(place.bytes("green.png"))


@example("gembal image 'an icon of a fox' -o - | convert - -resize 64x64 fox.ico")
def _(place):
    place.has_keys()
    place.runs()
    icon = place.bytes("fox.ico")
    assert icon[:4] == b"\0\0\1\0" and 64 in icon[6:8], icon[:16]


@example("gembal image 'a map of Rome' --upload --via http://server:8000")
def _(place):
    place.has_keys()
    place.has_daemon()
    address = place.runs().prints("^http://").out.strip()
    assert is_picture(reads(address))


# Models

@example("gembal models")
def _(place):
    place.has_keys()
    place.runs().prints("^id +name", "^gemini-2.5-flash +Gemini 2.5 Flash +1048576 +65536 +generateContent")


@example("gembal models --json | jq -r '.models[].id'")
def _(place):
    place.has_keys()
    place.runs().prints("^gemini-2.5-pro$", "^gemini-embedding-001$")


@example("gembal models --all --via http://server:8000")
def _(place):
    place.has_keys()
    place.has_daemon()
    place.runs().prints("^gemini-2.5-pro ", "^gemini-2.5-pro-search ", "^veo-.* predictLongRunning$")

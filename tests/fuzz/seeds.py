"""seeds.py RECORDINGS FOLDER: makes seeds for the fuzzers, FOLDER/NAME/…, of recorded exchanges with the API.

Where there are no recordings, the fuzzers have only tests/fuzz/seeds.
"""

import json
import sys
from pathlib import Path

LONGEST = 20_000  # bytes; longer ones slow a fuzzer down more than they teach it


def text_of(half, body, text):
    if body in half:
        return json.dumps(half[body], ensure_ascii=False, indent=2 if body == "body" else None)
    return half.get(text) or ""


def stream_of(response):
    eol = response.get("sse_eol") or "\r\n"
    return "".join(f"data: {data}{eol}{eol}" for data in response["sse"]) + response.get("sse_tail", "")


def schemas_in(value):
    """The schemas anywhere in a request."""
    if isinstance(value, list):
        for one in value:
            yield from schemas_in(one)
    if isinstance(value, dict):
        for name, one in value.items():
            if name in ("parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema") and isinstance(one, dict):
                yield one
            else:
                yield from schemas_in(one)


def seeds_of(exchange):
    """Pairs of a fuzzer's name and a seed."""
    request, response, kind = exchange["request"], exchange["response"], exchange["kind"]
    asked = text_of(request, "body", "body_text")
    if kind.startswith("openai."):
        yield "chat_request", asked
    elif asked:
        yield "gemini_request", asked
        for schema in schemas_in(request.get("body")):
            yield "schema", json.dumps(schema)
    if "sse" in response:
        answer = stream_of(response)
        yield "event_stream", answer
        for event in response["sse"][-2:]:
            yield "shown_reply", event
    else:
        answer = text_of(response, "body", "body_text")
    if kind.startswith(("generate.", "stream.", "error.")):
        for name in ("chat_reply", "completions", "messages_reply", "responses_reply", "upstream_reply"):
            yield name, answer
    if "mbed" in kind:
        yield "embeddings", answer
    headers = "".join(f"{name}: {value}\r\n" for name, value in response.get("headers", {}).items())
    yield "http_reply", f"HTTP/1.1 {response['status']} \r\n{headers}\r\n"


def main():
    recordings, folder = map(Path, sys.argv[1:])
    for file in sorted(recordings.glob("*.json")):
        exchange = json.loads(file.read_text("utf-8"))
        if "request" not in exchange:
            continue
        for number, (name, seed) in enumerate(seeds_of(exchange)):
            seed = seed.encode()
            if 0 < len(seed) <= LONGEST:
                (folder / name).mkdir(parents=True, exist_ok=True)
                (folder / name / f"{file.stem}-{number}").write_bytes(seed)


main()

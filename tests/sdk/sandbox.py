"""Where the daemon under test is, and prompts that tell its sandbox what to answer (docs/sandbox.md)."""

import base64
import json
import os
import struct
import zlib

URL = os.environ["GEMBAL_URL"]
TOKEN = os.environ["GEMBAL_TOKEN"]
MODEL = "gemini-2.5-flash"
SIGNING = "gemini-3.5-flash"  # wants its function calls back with their thought signatures


def answer(text=None, **members):
    """A prompt that is answered with `text`; the members are those of a directive."""
    if text is not None:
        members["text"] = text
    return "sandbox:" + json.dumps(members)


def png(width=2, height=2):
    """A red picture."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = (b"\0" + b"\xff\0\0" * width) * height
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PICTURE = "data:image/png;base64," + base64.b64encode(png()).decode()

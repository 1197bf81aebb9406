"""talk_test.py GEMBAL: the interactive chat, driven through a terminal as a person would, against a stand-in
of the API whose answers the test steers. What is looked at is the screen (pyte), not the bytes.
"""

import http.server
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import pexpect
import pyte

GEMBAL = sys.argv.pop(1)
PATIENCE = 20


class Upstream:
    """Answers each question with the next of `answers`: pieces of text, other parts, or None, which waits
    until the caller has left."""

    def __init__(self):
        outer = self
        self.requests = []
        self.answers = queue.Queue()
        self.left = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.requests.append(json.loads(body))
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                pieces = outer.answers.get(timeout=PATIENCE)
                for number, piece in enumerate(pieces):
                    if piece is None:
                        self.connection.settimeout(PATIENCE)
                        if self.connection.recv(1) == b"":
                            outer.left.set()
                        self.close_connection = True
                        return
                    part = piece if isinstance(piece, dict) else {"text": piece}
                    candidate = {"content": {"role": "model", "parts": [part]}}
                    if number == len(pieces) - 1:
                        candidate["finishReason"] = "STOP"
                    event = {"candidates": [candidate], "modelVersion": "gemini-x",
                             "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}}
                    data = f"data: {json.dumps(event)}\r\n\r\n".encode()
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1beta"

    def question(self):
        return self.requests[-1]["contents"][-1]["parts"][-1]["text"]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Terminal:
    def __init__(self, arguments, env, cwd, rows=30, columns=60):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.bytes = b""
        self.child = pexpect.spawn(GEMBAL, arguments, env=env, cwd=cwd, dimensions=(rows, columns), echo=False)

    def read(self, patience=0.05):
        try:
            some = self.child.read_nonblocking(65536, timeout=patience)
            self.bytes += some
            self.stream.feed(some)
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            return False
        return True

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def shows(self, wanted):
        """Waits until the screen shows it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            alive = self.read()
            if wanted(self.text()) if callable(wanted) else wanted in self.text():
                return
            if not alive:
                break
        raise AssertionError(f"the screen does not show {wanted!r}:\n{self.text()}")

    def colour(self, text):
        """What the text on the screen is coloured with."""
        row, line = next((row, line) for row, line in enumerate(self.screen.display) if text in line)
        return self.screen.buffer[row][line.index(text)].fg

    def prompts(self):
        """Waits for an empty prompt."""
        self.shows(lambda text: text.split("\n")[-1] in (">", "> "))

    def type(self, text):
        self.child.send(text)

    def resize(self, rows, columns):
        self.child.setwinsize(rows, columns)
        self.screen.resize(rows, columns)

    def ends(self):
        end = time.monotonic() + PATIENCE
        while self.read() and time.monotonic() < end:
            pass
        self.child.close()
        return self.child.exitstatus


class TalkTest(unittest.TestCase):
    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="gembal-talk-"))
        self.addCleanup(shutil.rmtree, self.home)
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "TERM": "xterm-256color",
                    "LANG": "C.UTF-8", "BASE_URL": self.upstream.url}
        subprocess.run([GEMBAL, "keys", "add", "--exact"], input=b"key-one\n", env=self.env, check=True,
                       stdout=subprocess.DEVNULL)

    def talk(self, *arguments, **sizes):
        terminal = Terminal(["chat", *arguments], self.env, str(self.home), **sizes)
        self.addCleanup(terminal.child.close, force=True)
        terminal.shows("/help for help")
        terminal.prompts()
        return terminal

    def ask(self, terminal, question, *pieces):
        self.upstream.answers.put(pieces)
        terminal.type(question + "\r")

    def test_an_answer_is_rendered_and_the_chat_goes_on(self):
        terminal = self.talk()
        self.ask(terminal, "Name fruit", "Some **fr", "uit**:\n\n- ap", "ple\n- pear\n")
        terminal.shows("Some fruit:")
        terminal.shows("\u2022 apple")
        terminal.shows("\u2022 pear")
        terminal.prompts()
        self.ask(terminal, "More", "plum")
        terminal.shows("plum")
        terminal.prompts()
        said = [turn["role"] for turn in self.upstream.requests[-1]["contents"]]
        self.assertEqual(said, ["user", "model", "user"])
        terminal.type("\x04")
        self.assertEqual(terminal.ends(), 0)

    def test_code_is_coloured(self):
        terminal = self.talk()
        self.ask(terminal, "Code", "So:\n\n```py\nif x:  # w", "hy\n  say('hi')\n```\n")
        terminal.shows("say('hi')")
        terminal.prompts()
        colours = {text: terminal.colour(text) for text in ("if x", "'hi'", "say")}
        self.assertEqual(colours, {"if x": "magenta", "'hi'": "green", "say": "default"})

    def test_a_picture_is_saved_and_shown_where_that_can_be(self):
        picture = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
        shown = b"\x1b_Ga=T,f=100,q=2,m=0;iVBORw0KGgo=\x1b\\"
        for terminal_type, is_shown in (("xterm-256color", False), ("xterm-kitty", True)):
            self.env["TERM"] = terminal_type
            terminal = self.talk()
            self.ask(terminal, "Draw", "Here:", picture)
            terminal.shows("saved gembal-")
            terminal.prompts()
            self.assertEqual(shown in terminal.bytes, is_shown, terminal_type)
        self.assertEqual((self.home / "gembal-2.png").read_bytes(), b"\x89PNG\r\n\x1a\n")

    def test_lines_are_edited_in_utf8(self):
        terminal = self.talk()
        self.ask(terminal, "H\u00e9lo \u6f22\u5b57x\x7f\x1b[D\x1b[D\x1b[D\x1b[Dl\x05!", "ok")
        terminal.shows("ok")
        self.assertEqual(self.upstream.question(), "H\u00e9llo \u6f22\u5b57!")

    def test_the_history_lasts(self):
        terminal = self.talk()
        self.ask(terminal, "the first question", "one")
        terminal.shows("one")
        terminal.prompts()
        terminal.type("/quit\r")
        self.assertEqual(terminal.ends(), 0)
        terminal = self.talk()
        self.upstream.answers.put(["two"])
        terminal.type("\x1b[A\x1b[A")
        terminal.shows("> the first question")
        terminal.type("\r")
        terminal.shows("two")
        self.assertEqual(self.upstream.question(), "the first question")

    def test_ctrl_c_stops_the_answer_only(self):
        terminal = self.talk()
        self.ask(terminal, "Count", "one two three ", None)
        terminal.shows("one two")
        terminal.type("\x03")
        terminal.prompts()
        self.assertTrue(self.upstream.left.wait(PATIENCE))
        self.ask(terminal, "Again", "four")
        terminal.shows("four")
        terminal.prompts()
        terminal.type("half a line\x03")
        terminal.prompts()
        terminal.type("\x04")
        self.assertEqual(terminal.ends(), 0)
        self.assertEqual(len(self.upstream.requests), 2)

    def test_sigterm_ends_it_during_an_answer_too(self):
        terminal = self.talk()
        self.ask(terminal, "Count", "one two three ", None)
        terminal.shows("one two")
        terminal.child.kill(signal.SIGTERM)
        self.assertEqual(terminal.ends(), 128 + signal.SIGTERM)

    def test_a_resized_terminal_has_lines_of_its_new_width(self):
        terminal = self.talk()
        words = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu"
        terminal.resize(30, 30)
        self.ask(terminal, "Letters", words)
        terminal.shows("lambda mu")
        self.assertIn("alpha beta gamma delta epsilon\nzeta eta theta iota kappa", terminal.text())

    def test_commands(self):
        terminal = self.talk()
        terminal.type("/he\t")
        terminal.shows("> /help")
        terminal.type("\r")
        terminal.shows("Ctrl-C stops an answer")
        terminal.type("/model gemini-2.5-p\t\r")
        terminal.prompts()
        terminal.type("/model\r")
        terminal.shows("\ngemini-2.5-pro\n")
        (self.home / "note.txt").write_text("a secret word")
        terminal.type("/file no\t\r")
        terminal.shows("[1 file] >")
        self.ask(terminal, "What does it say?", "it says")
        terminal.shows("it says")
        terminal.prompts()
        parts = self.upstream.requests[-1]["contents"][-1]["parts"]
        self.assertIn("a secret word", parts[0]["text"])
        self.ask(terminal, '"""first\rsecond"""', "two lines")
        terminal.shows("two lines")
        self.assertEqual(self.upstream.question(), "first\nsecond")
        terminal.prompts()
        terminal.type("/save notes\r")
        terminal.prompts()
        terminal.type("/nonsense\r")
        terminal.shows("no such command")
        terminal.type("/quit\r")
        self.assertEqual(terminal.ends(), 0)
        terminal = self.talk("--session", "notes")
        terminal.shows("going on with 'notes'")
        self.ask(terminal, "Go on", "further")
        terminal.shows("further")
        self.assertEqual(len(self.upstream.requests[-1]["contents"]), 5)

    def test_no_key_is_told_and_the_chat_stays(self):
        subprocess.run([GEMBAL, "keys", "remove", "key-one"], env=self.env, check=True, stdout=subprocess.DEVNULL)
        terminal = self.talk()
        terminal.type("Hello\r")
        terminal.shows("add one with 'gembal keys add'")
        terminal.prompts()


if __name__ == "__main__":
    unittest.main(verbosity=2)

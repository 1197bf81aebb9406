"""restart_test.py GEMBAL: a file is uploaded, used and deleted with Google's SDK, while the daemon between is
killed and started again: whose the file is, is known before the client hears of it. The upstream is a sandbox
of its own, which lives on, with three keys that do not see each other's files."""

import io
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest

from google import genai
from google.genai import errors

PATIENCE = 30  # seconds, for a program to start and to end
TOKEN = "sk-test"
GEMBAL = sys.argv.pop(1)


class Program:
    """gembal, listening on a port of its own choice, until it is ended."""

    def __init__(self, home, *words, **env):
        env |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        self.process = subprocess.Popen(
            [GEMBAL, *words, "--listen", "127.0.0.1:0"], cwd=home, text=True,
            env=env | {"PATH": "/usr/bin:/bin", "HOME": home}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        giving_up = threading.Timer(PATIENCE, self.process.kill)
        giving_up.start()
        self.url = None
        while not self.url:
            line = self.process.stdout.readline()
            if not line:
                sys.exit(f"gembal {words} did not start")
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            self.url = found and found.group()
        giving_up.cancel()
        # What else it has to say must not fill the pipe.
        self.reader = threading.Thread(target=self.process.stdout.read, daemon=True)
        self.reader.start()

    def end(self, signal_it=subprocess.Popen.terminate):
        signal_it(self.process)
        self.process.wait(PATIENCE)
        self.reader.join()
        self.process.stdout.close()


class RestartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        self.upstream = Program(self.home, "sandbox")
        self.addCleanup(self.upstream.end)
        subprocess.run([GEMBAL, "keys", "add", "--exact"], input="sandbox-1\nsandbox-2\nsandbox-3\n", text=True,
                       check=True, stdout=subprocess.DEVNULL, env={"HOME": self.home, "PATH": "/usr/bin:/bin"})

    def serve(self):
        daemon = Program(self.home, "serve", BASE_URL=self.upstream.url + "/v1beta", GEMBAL_AUTH_TOKENS=TOKEN)
        return daemon, genai.Client(api_key=TOKEN, http_options={"base_url": daemon.url})

    def test_a_file_outlives_the_daemon_that_took_it(self):
        daemon, client = self.serve()
        file = client.files.upload(file=io.BytesIO(b"some words of a file"), config={"mime_type": "text/plain"})
        daemon.end(subprocess.Popen.kill)

        daemon, client = self.serve()
        self.assertEqual(client.files.get(name=file.name).size_bytes, 20)
        for _ in range(6):  # whoever's turn it is, it goes to the key that has the file
            answer = client.models.generate_content(model="gemini-2.5-flash", contents=["What is this?", file])
            self.assertTrue(answer.text)
        client.files.delete(name=file.name)
        daemon.end(subprocess.Popen.kill)

        daemon, client = self.serve()
        self.addCleanup(daemon.end)
        with self.assertRaises(errors.ClientError):
            client.files.get(name=file.name)


unittest.main()

"""Where an example is run: a home of its own, with what the example takes for granted."""

import json
import os
import subprocess
import urllib.request
from pathlib import Path

from databases import MariaDB, PostgreSQL
from processes import PATIENCE, Done, Server, Terminal
from upstream import Upstream

STAND_INS = Path(__file__).resolve().parent / "stand_ins"
TOKEN = "TOKEN"  # as README.md calls it


def found_key(name):
    """A key that is found in text; only its looks are those of a key."""
    return "AIza" + name.ljust(35, "x")


class World:
    """What all places share."""

    def __init__(self, gembal, folder):
        self.folder = folder
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        (bin_folder / "gembal").symlink_to(Path(gembal).resolve())
        self.env = {"PATH": f"{bin_folder}:{STAND_INS}:/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": str(folder)}
        self.env |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        self.mariadb, self.postgresql = MariaDB(folder / "mariadb"), PostgreSQL(folder / "postgresql")
        self.sandbox = Server(["gembal", "sandbox", "--listen", "127.0.0.1:0"], self.env, folder, folder / "sandbox.log")

    def stop(self):
        for server in (self.sandbox, self.mariadb, self.postgresql):
            server.stop()


class Place:
    def __init__(self, world, command, folder):
        self.world = world
        self.command = command
        self.folder = folder
        self.home = self.new_home("home")
        self.upstream = Upstream(world.sandbox.address)
        self.env = {**world.env, "HOME": str(self.home), "XDG_CONFIG_HOME": f"{self.home}/.config",
                    "XDG_DATA_HOME": f"{self.home}/.local/share", "BASE_URL": self.upstream.url}
        self.ends = [self.upstream.stop]

    def new_home(self, name):
        """Beside the home; the stand-in for ssh takes it for a host of this name."""
        home = self.folder / name
        home.mkdir(parents=True)
        return home

    def end(self):
        while self.ends:
            self.ends.pop()()

    # Surroundings

    def gembal(self, *arguments, input="", status=0):
        """What it prints."""
        done = subprocess.run(["gembal", *arguments], env=self.env, cwd=self.home, input=input, capture_output=True, text=True,
                              timeout=PATIENCE)
        assert done.returncode == status, f"gembal {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def has_keys(self, *names):
        """With these labels. Some faults are asked for in the name: docs/sandbox.md."""
        for name in names or ["one", "two"]:
            self.gembal("keys", "add", "--exact", "-q", "--label", name, input=f"key-{name}")

    def key_ids(self, *options):
        """By label."""
        return {key["label"]: key["id"] for key in json.loads(self.gembal("keys", "list", "--json", *options))["keys"]}

    def has_file(self, name, content):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def has_change(self):
        """In a git repository."""
        git = ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@localhost"]
        self.has_file("greeting.txt", "Good morning\n")
        for arguments in (["init", "-q"], ["add", "greeting.txt"], ["commit", "-q", "-m", "Greets"]):
            subprocess.run([*git, *arguments], env=self.env, cwd=self.home, check=True)
        self.has_file("greeting.txt", "Good evening\n")

    def has_daemon(self):
        """Where the example thinks that one is: on this machine or another one."""
        self.env |= {"ALLOWED_TOKENS": json.dumps([TOKEN]), "GEMBAL_CLIENT_TOKEN": TOKEN}
        server = Server(["gembal", "serve", "--listen", "127.0.0.1:0"], self.env, self.home, self.home / "serve.log")
        self.ends.append(server.stop)
        self.daemon = f"http://{server.address}"
        self.stands_for("http://127.0.0.1:8000", self.daemon)
        self.stands_for("http://server:8000", self.daemon)

    def asks_daemon(self, text, token=TOKEN):
        """The status of the reply to a question."""
        body = json.dumps({"contents": [{"parts": [{"text": text}]}]}).encode()
        request = urllib.request.Request(f"{self.daemon}/v1beta/models/gemini-2.5-flash:generateContent", body,
                                         {"content-type": "application/json", "x-goog-api-key": token})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
                return reply.status
        except urllib.error.HTTPError as refusal:
            return refusal.code

    def setting_in_daemon(self, key):
        """The value that it obeys."""
        request = urllib.request.Request(f"{self.daemon}/api/admin/config", headers={"authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return {setting["key"]: setting["value"] for setting in json.load(reply)["settings"]}[key]

    def stands_for(self, written, real):
        """What is written in the example is something else here."""
        self.command = self.command.replace(written, real)

    # The example

    def runs(self, status=0, and_then=""):
        return Done(f"{self.command}\n{and_then}", self.env, self.home, status)

    def runs_in_terminal(self):
        terminal = Terminal(self.command, self.env, self.home)
        self.ends.append(terminal.stop)
        return terminal

    def text(self, name):
        return (self.home / name).read_text()

    def bytes(self, name):
        return (self.home / name).read_bytes()

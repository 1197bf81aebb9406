"""Programs that the examples need or are. None outlives the test, however that ends."""

import os
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pexpect

PATIENCE = 60  # seconds for anything that takes a moment, on a machine with much else to do
MORTAL = ["setpriv", "--pdeathsig", "KILL"]  # a command that ends with the thread that started it
ADDRESS = re.compile(r"http://(127\.0\.0\.1:\d+)")


def eventually(condition, what):
    """Looks until the condition has a value, and returns it."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, f"still not: {what}"
        time.sleep(0.02)
    return value


class Server:
    """A command that says its address on standard output and serves until it is stopped."""

    def __init__(self, command, env, cwd, log):
        self.log = log
        with open(log, "w") as out:
            self.process = subprocess.Popen([*MORTAL, *command], env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out)
        self.address = eventually(self.said_address, f"{command[1]} listens")

    def said_address(self):
        said = Path(self.log).read_text()
        assert self.process.poll() is None, said
        found = ADDRESS.search(said)
        return found and found[1]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(PATIENCE)
        assert status == 0, f"a server ended with {status}: {Path(self.log).read_text()}"


class Done:
    """What became of a command that has ended."""

    def __init__(self, command, env, cwd, status):
        process = subprocess.Popen([*MORTAL, "sh", "-c", command], env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            self.out, self.err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError(f"does not end; it said: {process.communicate()}")
        assert process.returncode == status, f"status {process.returncode}, not {status}: {self.out}{self.err}"

    def prints(self, *patterns):
        for pattern in patterns:
            assert re.search(pattern, self.out, re.MULTILINE), f"no {pattern!r} in: {self.out[-3000:]}{self.err}"
        return self

    def says(self, pattern):
        assert re.search(pattern, self.err, re.MULTILINE), f"no {pattern!r} in what it says: {self.err}"
        return self

    def is_silent(self):
        assert not self.out and not self.err, f"it says: {self.out}{self.err}"


class Terminal:
    """A simple command in a terminal of its own. A shell that stayed behind it would be interrupted with it."""

    def __init__(self, command, env, cwd):
        self.child = pexpect.spawn(MORTAL[0], [*MORTAL[1:], "sh", "-c", f"exec {command}"],
                                   env={**env, "TERM": "xterm"}, cwd=str(cwd), dimensions=(40, 200), timeout=PATIENCE,
                                   encoding="utf-8")

    def shows(self, pattern):
        try:
            self.child.expect(pattern)
        except (pexpect.EOF, pexpect.TIMEOUT) as wrong:
            raise AssertionError(f"{type(wrong).__name__}, and no {pattern!r} in: {self.child.before}") from None
        return self.child.match

    def types(self, text):
        self.child.send(text)

    def ends(self, status=0):
        """As a shell sees it: a signal counts from 128 on."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        ended = self.child.exitstatus if self.child.signalstatus is None else 128 + self.child.signalstatus
        assert ended == status, f"ended with {ended}, not {status}, after: {self.child.before}"

    def stop(self):
        self.child.close(force=True)


def reads(address):
    """What is there, as bytes."""
    with urllib.request.urlopen(address, timeout=PATIENCE) as reply:
        return reply.read()

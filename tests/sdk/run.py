"""run.py GEMBAL FOLDER SCRIPT: runs SCRIPT, a Python or JavaScript test, with the SDKs that install.sh put
into FOLDER, against `GEMBAL serve --sandbox` on a free port. The test finds its address in GEMBAL_URL and a
client token in GEMBAL_TOKEN. Fails when the test does, or when the daemon does not end well.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

PATIENCE = 30  # seconds, for the daemon to start and to end
TOKEN = "sk-test"


class Daemon:
    """The daemon, its home in `home`, until it is stopped."""

    def __init__(self, gembal, home):
        env = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        env |= {"PATH": "/usr/bin:/bin", "HOME": str(home), "ALLOWED_TOKENS": TOKEN}
        env |= {"XDG_CONFIG_HOME": f"{home}/config", "XDG_DATA_HOME": f"{home}/data"}
        self.log = open(home / "log", "w+")
        self.process = subprocess.Popen(
            [gembal, "serve", "--sandbox", "--listen", "127.0.0.1:0"],
            env=env, cwd=home, stdout=subprocess.PIPE, stderr=self.log, text=True)
        giving_up = threading.Timer(PATIENCE, self.process.kill)
        giving_up.start()
        said = ""
        while "Try it:" not in said:
            line = self.process.stdout.readline()
            if not line:
                sys.exit(f"the daemon did not start:\n{said}{self.errors()}")
            said += line
        giving_up.cancel()
        # What else it has to say must not fill the pipe.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.url = re.search(r"http://127\.0\.0\.1:\d+", said).group()

    def errors(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        """What is wrong with how it ended; "" for nothing."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "the daemon did not end"
        if status != 0:
            return f"the daemon ended with {status}"
        return "a sanitizer found something" if "Sanitizer" in self.errors() else ""


def command_for(script, folder, scratch):
    if script.suffix == ".py":
        return [folder / "python/bin/python", "-B", script, "-v"]
    # Node.js looks for packages beside the script.
    (scratch / "node_modules").symlink_to(folder / "node/node_modules")
    for file in script.parent.glob("*.mjs"):
        shutil.copy(file, scratch)
    return [folder / "python/bin/node", "--test", "--test-reporter=spec", scratch / script.name]


def main():
    gembal, folder, script = (Path(argument).resolve() for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        home, scratch = Path(name, "home"), Path(name, "scratch")
        home.mkdir()
        scratch.mkdir()
        daemon = Daemon(gembal, home)
        # Nothing of the developer's own: the SDKs look for keys and proxies in the environment.
        env = {"PATH": "/usr/bin:/bin", "HOME": str(scratch), "GEMBAL_URL": daemon.url, "GEMBAL_TOKEN": TOKEN}
        status = subprocess.run(command_for(script, folder, scratch), env=env, cwd=scratch).returncode
        wrong = daemon.stop()
        if wrong:
            print(f"{wrong}:\n{daemon.errors()[-20000:]}")
        sys.exit(1 if status or wrong else 0)


main()

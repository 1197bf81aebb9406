"""Database servers for the stores of examples: begun when the first of them asks, with a user "gembal" whose password is
"secret"."""

import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

from processes import MORTAL, PATIENCE, eventually


def newest(pattern):
    """A program, of the newest of several versions side by side."""
    found = sorted(Path("/").glob(pattern))
    assert found, f"this needs /{pattern}: './dev deps' installs it"
    return str(found[-1])


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


class Database:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.server = None
        self.made = 0

    def new(self):
        """A new database: HOST:PORT/NAME."""
        with self.lock:
            if not self.server:
                self.begin()
            self.made += 1
            name = f"gembal_{self.made}"
            eventually(lambda: self.creates(name), f"{type(self).__name__} makes a database")
        return f"127.0.0.1:{self.port}/{name}"

    def begin(self):
        self.folder.mkdir()
        self.log = self.folder / "log"
        self.port = free_port()
        self.set_up()
        self.server = subprocess.Popen([*MORTAL, *self.command()], stdin=subprocess.DEVNULL, stdout=self.log.open("a"),
                                       stderr=subprocess.STDOUT)

    def runs(self, *command, **more):
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=self.log.open("a"), stderr=subprocess.STDOUT,
                              timeout=2 * PATIENCE, **more).returncode == 0

    def stop(self):
        if self.server:
            self.server.send_signal(self.AT_ONCE)
            self.server.wait(PATIENCE)


class MariaDB(Database):
    AT_ONCE = signal.SIGKILL

    def set_up(self):
        (self.folder / "tmp").mkdir()
        (self.folder / "init.sql").write_text("CREATE USER gembal@'%' IDENTIFIED BY 'secret';\nGRANT ALL ON *.* TO gembal@'%';\n")
        command = [newest("usr/bin/mariadb-install-db"), "--no-defaults", "--skip-test-db", *self.places(),
                   "--auth-root-authentication-method=normal"]
        assert self.runs(*command), self.log.read_text()

    def places(self):
        """With small files, that need not survive the machine."""
        places = [f"--datadir={self.folder}/data", f"--tmpdir={self.folder}/tmp", "--innodb-log-file-size=8M",
                  "--innodb-flush-method=nosync"]
        return places + ["--user=root"] if os.geteuid() == 0 else places

    def command(self):
        return [newest("usr/sbin/mariadbd"), "--no-defaults", *self.places(), f"--socket={self.folder}/socket",
                f"--pid-file={self.folder}/pid", f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-name-resolve",
                f"--init-file={self.folder}/init.sql", "--innodb-buffer-pool-size=32M"]

    def creates(self, name):
        return self.runs(newest("usr/bin/mariadb"), "--no-defaults", "-h127.0.0.1", f"-P{self.port}", "-ugembal", "-psecret",
                         "-e", f"CREATE DATABASE {name}")


class PostgreSQL(Database):
    AT_ONCE = signal.SIGQUIT  # and the processes that it has started
    # It refuses to run as root. Becoming somebody else takes the mortality away: it is given again.
    AS_NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *MORTAL[1:]] if os.geteuid() == 0 else []

    def set_up(self):
        (self.folder / "password").write_text("secret\n")
        if self.AS_NOBODY:
            os.chown(self.folder, 65534, 65534)
        command = [*self.AS_NOBODY, newest("usr/lib/postgresql/*/bin/initdb"), "-D", f"{self.folder}/data", "-U", "gembal",
                   f"--pwfile={self.folder}/password", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        assert self.runs(*command, cwd="/"), self.log.read_text()

    def command(self):
        return [*self.AS_NOBODY, newest("usr/lib/postgresql/*/bin/postgres"), "-D", f"{self.folder}/data", "-p", str(self.port),
                "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=16MB"]

    def creates(self, name):
        return self.runs(newest("usr/lib/postgresql/*/bin/createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "gembal",
                         name, env={"PGPASSWORD": "secret"}, cwd="/")

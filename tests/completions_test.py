#!/usr/bin/env python3
"""What a shell offers behind the tab key, asked of the shell itself: completions_test.py SHELL GEMBAL.

bash and zsh run in a terminal of their own and are typed to, fish has a command for it. The keys come out of a real store.
"""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATIENCE = 20  # seconds for an answer, which takes some milliseconds


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, arguments):
        self.cleared = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(arguments[0], arguments)

    def ask(self, keys, end):
        """Types, and returns what came until `end`, a pattern, matches."""
        os.write(self.fd, keys.encode())
        deadline = time.monotonic() + PATIENCE
        seen = b""
        while time.monotonic() < deadline:
            if not select.select([self.fd], [], [], 0.1)[0]:
                continue
            seen += os.read(self.fd, 65536)
            found = re.search(end, seen.decode(errors="replace"))
            if found:
                return found
        raise SystemExit(f"no {end!r} within {PATIENCE} s, but {seen!r}")

    def clear(self):
        """Throws the line away; the prompt is that of a new one, whatever was drawn before."""
        self.cleared += 1
        self.ask(f"\x15echo cle''ared-{self.cleared}\n", f"(?s)cleared-{self.cleared}\r?\n.*ready> ")


class Bash:
    SETUP = """
      bind 'set completion-query-items 0'; bind 'set page-completions off'; bind 'set completion-display-width 0'
      bind 'set enable-bracketed-paste off'; bind 'set bell-style audible'
      . /usr/share/bash-completion/bash_completion
      . '{source}/completions/gembal.bash'
      PS1='ready''> '
    """

    def __init__(self):
        self.terminal = Terminal(["bash", "--noprofile", "--norc", "-i"])
        self.terminal.ask("".join(line.strip() + "\n" for line in self.SETUP.format(source=SOURCE).splitlines()), "ready> ")
        self.terminal.clear()

    def offers(self, line):
        # Either a list and the line once more, or the bell.
        found = self.terminal.ask(line + "\x1b?", "(?s)\r\n(.*)ready> " + re.escape(line) + "|\x07")
        self.terminal.clear()
        return (found[1] or "").splitlines()


class Zsh:
    # compadd is asked for what it would add; nothing is put into the line or listed.
    SETUP = """
      fpath=('{source}/completions' $fpath)
      autoload -Uz compinit; compinit -D -u
      compadd() {{
        if [[ " ${{@[1,(i)(-|--)]}} " == *' '-[a-zA-Z]#[OAD]' '* ]]; then builtin compadd "$@"; return; fi
        local -a hits; builtin compadd -A hits "$@"; offered+=($hits); builtin compadd "$@"
      }}
      ask() {{
        local -a offered; _main_complete; compstate[insert]= compstate[list]=
        print -l -- '<''<' $offered '>''>' >/dev/tty
      }}
      setopt extendedglob; zle -C ask complete-word ask; bindkey '^Xa' ask
      PS1='ready''> '
    """

    def __init__(self):
        self.terminal = Terminal(["zsh", "-f", "-i"])
        self.terminal.ask("".join(line.strip() + "\n" for line in self.SETUP.format(source=SOURCE).splitlines()), "ready> ")
        self.terminal.clear()

    def offers(self, line):
        found = self.terminal.ask(line + "\x18a", "(?s)<<\r?\n(.*?)>>\r?\n")
        self.terminal.clear()
        return found[1].splitlines()


class Fish:
    def offers(self, line):
        script = f"source '{SOURCE}/completions/gembal.fish'; complete -C $argv[1]"
        done = subprocess.run(["fish", "--no-config", "-c", script, line], capture_output=True, text=True, check=True)
        if done.stderr:
            raise SystemExit(done.stderr)
        return [offer.split("\t")[0] for offer in done.stdout.splitlines()]


def prepare(home, gembal):
    """A home with a store of some keys, and a folder with some files to be in. Returns the id of a key."""
    os.makedirs(home + "/bin")
    os.makedirs(home + "/here/folder")
    os.symlink(os.path.abspath(gembal), home + "/bin/gembal")
    for name in [name for name in os.environ if name.startswith("GEMBAL_")]:
        del os.environ[name]
    os.environ.update(HOME=home, XDG_DATA_HOME=home + "/data", XDG_CONFIG_HOME=home + "/config", LC_ALL="C.UTF-8",
                      TERM="dumb", COLUMNS="200", PATH=home + "/bin:" + os.environ["PATH"])
    os.chdir(home + "/here")
    open("notes.txt", "w").close()

    def add(key, label, *more):
        subprocess.run(["gembal", "keys", "add", "--exact", "-q", "--label", label, *more], input=key, text=True, check=True)

    add("key-one", "laptop")
    add("key-two", "spare key")
    add("key-three", "team:blue")
    add("key-four", "elsewhere", "--store", "other.db")
    listed = subprocess.run(["gembal", "keys", "list", "--json"], capture_output=True, text=True, check=True).stdout
    return re.search('"id":"([0-9a-f]+)"', listed)[1]


def cases(key):
    """Lines, what must be offered behind them, and what must not."""
    return [
        ("gembal ", ["serve", "keys", "chat", "config", "sandbox"], ["docs", "complete", "laptop"]),
        ("gembal ke", ["keys"], ["serve"]),
        ("gembal keys remo", ["remove"], ["reset"]),
        ("gembal --json keys re", ["remove", "reset"], []),
        ("gembal keys add --fi", ["--file"], ["--label"]),
        ("gembal keys add --", ["--file", "--label", "--store"], ["--sort", "--model"]),
        ("gembal --color ", ["auto", "always", "never"], ["keys"]),
        ("gembal --color=al", ["always"], ["auto"]),
        ("gembal keys list --status dis", ["disabled"], ["ok"]),
        ("gembal keys check --status ", ["ok", "cooling", "disabled"], ["laptop"]),
        ("gembal keys list --sort to", ["tokens"], ["id"]),
        ("gembal keys add --file n", ["notes.txt"], ["folder"]),
        ("gembal keys add --env XDG_DATA", ["XDG_DATA_HOME"], []),
        ("gembal keys add ", [], ["laptop"]),
        ("gembal keys remove ", [key, "laptop", "spare key", "team:blue"], ["elsewhere", "key-one"]),
        ("gembal keys remove " + key[:6], [key], ["laptop"]),
        ("gembal keys disable laptop sp", ["spare key"], ["laptop"]),
        ("gembal keys check team:b", ["team:blue"], ["laptop"]),
        ("gembal --store other.db keys enable ", ["elsewhere"], ["laptop"]),
        ("gembal keys --store other.db enable ", ["elsewhere"], ["laptop"]),
        ("gembal keys enable --store=~/here/other.db ", ["elsewhere"], ["laptop"]),
        ("gembal keys enable --store nowhere.db ", [], ["laptop"]),
        ("gembal keys label ", ["laptop"], []),
        ("gembal keys label laptop ", [], ["laptop"]),
        ("gembal chat -m gemini-flash", ["gemini-flash-latest"], ["gemini-pro-latest"]),
        ("gembal keys why --model gemini-pro", ["gemini-pro-latest"], []),
        ("gembal chat keys rem", [], ["remove"]),
        ("gembal chat --system keys rem", [], ["remove"]),
    ]


def plain(offer):
    """Without the shell's quoting."""
    return offer.replace("\\", "").rstrip()


def main():
    shell = {"bash": Bash, "zsh": Zsh, "fish": Fish}[sys.argv[1]]
    with tempfile.TemporaryDirectory() as home:
        key = prepare(home, sys.argv[2])
        asked = shell()
        wrong = 0
        for line, wanted, unwanted in cases(key):
            offers = {plain(offer) for offer in asked.offers(line)}
            # bash only adds what is behind a colon; zsh and fish do or do not repeat what is before the equals sign.
            spellings = lambda word: {word, word.rpartition(":")[2], "--color=" + word}
            missing = [word for word in wanted if not offers & spellings(word)]
            surplus = [word for word in unwanted if word in offers]
            if missing or surplus:
                wrong += 1
                print(f"{line!r}: missing {missing}, surplus {surplus} in {sorted(offers)}")
        if os.path.exists(home + "/here/nowhere.db"):
            wrong += 1
            print("asking made a store")
        print(f"{sys.argv[1]}: {len(cases(key)) - wrong} of {len(cases(key))} lines are completed as they should be")
    sys.exit(wrong > 0)


main()

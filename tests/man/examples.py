"""The command lines that the documentation shows, as a reader would type them."""

import re
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]

# What cmd/docs/roff.cpp writes.
ESCAPES = {r"\-": "-", r"\(aq": "'", r"\(ga": "`", r"\(ha": "^", r"\(ti": "~", r"\e": "\\", r"\&": ""}
ESCAPE = re.compile(r"\\(?:\(..|\[u([0-9A-F]{4,6})\]|.)")
REMARK = re.compile(r" {3,}\S.*$")  # behind a command in a man page
CRON_TIME = re.compile(r"^(?:[\d*/,-]+ +){5}")
COMMAND = re.compile(r"^gembal ")


@dataclass(frozen=True)
class Example:
    command: str
    where: str
    line: str  # as it is written, with its remark


def plain(line):
    """A line of a man page without roff's escapes."""

    def character(match):
        return chr(int(match[1], 16)) if match[1] else ESCAPES[match[0]]

    return ESCAPE.sub(character, line)


def on_page(path):
    """All lines of EXAMPLES; elsewhere those lines of literal text that are commands, as some are JSON."""
    found = []
    section, is_literal = "", False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith((".SH ", ".SS ")):
            section = line
        elif line in (".EX", ".EE"):
            is_literal = line == ".EX"
        elif is_literal:
            command = CRON_TIME.sub("", REMARK.sub("", plain(line)))
            if section == ".SH EXAMPLES" or COMMAND.match(command):
                found.append(Example(command, f"{path.name}:{number}", line))
    return found


def in_markdown(path):
    """The commands in ```sh blocks: a line each, without remarks; what a backslash continues is put together."""
    found = []
    command, is_shell = "", False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("```"):
            is_shell = line == "```sh"
        elif is_shell:
            command += re.sub(r"(^| +)# .*", "", line).strip()
            if command.endswith("\\"):
                command = command[:-1]
            elif command:
                found.append(Example(command, f"{path.name}:{number}", line))
                command = ""
    return found


def repeated():
    """Examples that a man page has twice."""
    for page in sorted(SOURCE.glob("man/*.1")):
        seen = set()
        for example in on_page(page):
            if example.line in seen:
                yield example
            seen.add(example.line)


def all_examples():
    """Each command once."""
    found = [example for page in sorted(SOURCE.glob("man/*.1")) for example in on_page(page)]
    for page in (SOURCE / "README.md", *sorted(SOURCE.glob("docs/*.md"))):
        found += in_markdown(page)
    return list({example.command: example for example in reversed(found)}.values())[::-1]

"""examples_test.py GEMBAL: runs every example of the man pages, README.md and docs/, each in a home of its own. An example is
found where it is documented; how it is run is in cases_*.py. `examples_test.py GEMBAL WORD…` runs those with all of the words.
"""

import shutil
import sys
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cases_asking  # noqa: F401
import cases_serving  # noqa: F401
import cases_store  # noqa: F401
from cases import CASES, NOT_RUN, case_for
from examples import all_examples, repeated
from place import Place, World

AT_ONCE = 4


def complaints(examples):
    """About examples without a case, and cases without an example."""
    for example in repeated():
        yield f"{example.where}: the page has this example already:\n  {example.command}"
    commands = [example.command for example in examples]
    for example in examples:
        if not case_for(example.command) and example.command not in NOT_RUN:
            yield (f"{example.where}: nobody knows how to run this example:\n  {example.command}\n"
                   "Add a function to one of tests/man/cases_*.py, under @example with this command: it takes a Place, gives "
                   "it what the example needs, runs it with place.runs() or place.runs_in_terminal(), and checks what came of it.")
    for name in CASES:
        if name not in [case_for(command) for command in commands]:
            yield f"this example is nowhere any more; remove its case:\n  {name}"
    for command in NOT_RUN:
        if command not in commands:
            yield f"this example is nowhere any more; remove it from NOT_RUN:\n  {command}"


def run(world, number, example):
    """What is wrong with it; "" for nothing."""
    place = Place(world, example.command, world.folder / str(number))
    try:
        try:
            CASES[case_for(example.command)](place)
        finally:
            place.end()
    except Exception:
        return traceback.format_exc()
    return ""


def fast_folder():
    """In memory when there is room: stores and databases wait for their disk, which others may be using."""
    shared = Path("/dev/shm")
    return shared if shared.is_dir() and shutil.disk_usage(shared).free > 2**29 else None


def run_all(gembal, examples):
    """The number of those that fail."""
    with tempfile.TemporaryDirectory(prefix="gembal-examples-", dir=fast_folder()) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as somebody else
        world = World(gembal, Path(folder))
        with ThreadPoolExecutor(AT_ONCE) as pool:  # its threads take with them what they have started
            results = list(pool.map(lambda one: run(world, *one), enumerate(examples)))
            world.stop()
    for example, wrong in zip(examples, results):
        if wrong:
            print(f"{example.where}: {example.command}\n{wrong}")
    return sum(map(bool, results))


def main():
    examples = all_examples()
    wrong = list(complaints(examples))
    print("\n".join(wrong))
    can_run = [example for example in examples
               if case_for(example.command) and all(word in example.command for word in sys.argv[2:])]
    failed = run_all(sys.argv[1], can_run)
    print(f"{len(can_run) - failed} of {len(can_run)} examples work; {len(NOT_RUN)} are not run")
    sys.exit(1 if failed or wrong else 0)


main()

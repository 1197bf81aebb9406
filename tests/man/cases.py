"""How each example is run: a function for it, under @example with the command as it is written."""

CASES = {}

# Examples that are not run, and why.
NOT_RUN = {}


def example(*commands):
    """A command that ends with "…" stands for the one that begins so."""

    def add(case):
        for command in commands:
            assert command not in CASES, f"two cases for: {command}"
            CASES[command] = case
        return case

    return add


def case_for(command):
    """The name of its case."""
    if command in CASES:
        return command
    return next((name for name in CASES if name.endswith("…") and command.startswith(name[:-1])), None)

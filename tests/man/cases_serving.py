"""Examples about a daemon: it itself, its clients, what it remembers, what is wrong."""

import json

from cases import NOT_RUN, example
from place import TOKEN
from processes import ADDRESS, eventually, reads

NOT_RUN |= dict.fromkeys(["git clone … gembal && cd gembal", "./dev run", "./dev install"], "they build the program anew")
NOT_RUN |= dict.fromkeys(
    ["systemctl --user enable --now gembal", "sudo systemctl enable --now gembal",
     "sudo -u gembal gembal --store /var/lib/gembal/gembal.db keys add < notes.txt"],
    "they need root or systemd: tests/packaging has them")

ALWAYS_REFUSED = 'sandbox: {"fault": "bad-argument"}'


def serves(terminal):
    """Its address, as it says it. Reads on to the end of what it says."""
    address = terminal.shows(ADDRESS)[0]
    terminal.shows(r"Try it:|API key")
    return address


def is_interrupted(terminal):
    terminal.types("\x03")
    terminal.ends()


# The daemon and the sandbox

@example("gembal serve")
def _(place):
    place.has_keys()
    place.env["GEMBAL_SERVER_LISTEN"] = "127.0.0.1:0"
    terminal = place.runs_in_terminal()
    place.daemon = serves(terminal)
    assert reads(place.daemon + "/readyz")
    is_interrupted(terminal)


@example("gembal serve --sandbox")
def _(place):
    del place.env["BASE_URL"]
    place.env |= {"GEMBAL_SERVER_LISTEN": "127.0.0.1:0", "ALLOWED_TOKENS": json.dumps([TOKEN])}
    terminal = place.runs_in_terminal()
    place.daemon = serves(terminal)
    assert place.asks_daemon("Hello") == 200
    is_interrupted(terminal)


@example("gembal sandbox --listen 127.0.0.1:0", "gembal sandbox --listen 127.0.0.1:8001 &", "gembal sandbox")
def _(place):
    place.stands_for(":8001 &", ":0")
    if "--listen" not in place.command:
        place.command += " --listen 127.0.0.1:0"
    terminal = place.runs_in_terminal()
    place.env["BASE_URL"] = serves(terminal) + "/v1beta"
    place.has_keys()
    assert 'You wrote: "Hello"' in place.gembal("chat", "Hello")
    is_interrupted(terminal)


@example("gembal sandbox --scenario flaky.json")
def _(place):
    place.command += " --listen 127.0.0.1:0"
    place.has_file("flaky.json", json.dumps({"keys": ["key-one"], "rules": [{"first": 1, "fault": "overloaded"}]}))
    terminal = place.runs_in_terminal()
    place.env["BASE_URL"] = serves(terminal) + "/v1beta"
    place.has_keys("one", "unheard-of")
    assert "overloaded" in place.gembal("keys", "check", "one", status=4)
    assert "valid" in place.gembal("keys", "check", "one")
    assert "invalid" in place.gembal("keys", "check", "unheard-of", status=3)
    is_interrupted(terminal)


@example("curl 'http://127.0.0.1:8001/v1beta/models/gemini-2.5-flash:generateContent?key=any' …")
def _(place):
    place.stands_for("127.0.0.1:8001", place.world.sandbox.address)
    assert "Hello!" in json.loads(place.runs().out)["candidates"][0]["content"]["parts"][0]["text"]


# Its clients

@example("curl -N http://127.0.0.1:8000/v1/chat/completions …")
def _(place):
    place.has_keys()
    place.has_daemon()
    place.runs().prints('^data: {.*"delta"', r"^data: \[DONE\]$")


@example("ANTHROPIC_BASE_URL=http://127.0.0.1:8000 ANTHROPIC_AUTH_TOKEN=TOKEN claude")
def _(place):
    place.has_keys()
    place.has_daemon()
    answer = json.loads(place.runs().out)
    assert "Hello, Claude" in answer["content"][0]["text"], answer


@example("curl http://127.0.0.1:8000/v1/audio/speech …")
def _(place):
    place.has_keys()
    place.has_daemon()
    place.runs()
    sound = place.bytes("hello.mp3")
    assert sound.startswith(b"ID3") or sound[0] == 0xFF and sound[1] & 0xE0 == 0xE0, sound[:100]


@example("curl http://127.0.0.1:8000/v1/audio/transcriptions …")
def _(place):
    place.has_keys()
    place.has_daemon()
    place.has_file("hello.mp3", b"ID3\x04" + bytes(6) + b"\xff\xfb\x90\x00" + bytes(413))
    place.runs().prints("^1$", r"^\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}$")


# Its administration

def administers(place):
    place.env |= {"ADMIN": "an-admin-token", "GEMBAL_AUTH_ADMIN_TOKEN": "an-admin-token"}
    place.has_keys()
    place.has_daemon()
    return json.loads(place.runs().out)


@example('curl -H "Authorization: Bearer $ADMIN" http://127.0.0.1:8000/api/admin/keys')
def _(place):
    assert {key["label"] for key in administers(place)["keys"]} == {"one", "two"}


@example('curl -H "Authorization: Bearer $ADMIN" -X PATCH -d \'{"pool.max_retries":5}\' http://127.0.0.1:8000/api/admin/config')
def _(place):
    administers(place)
    assert place.gembal("config", "get", "pool.max_retries") == "5\n"


@example('curl -H "Authorization: Bearer $ADMIN" http://127.0.0.1:8000/api/admin/openapi.json')
def _(place):
    assert "/api/admin/keys" in administers(place)["paths"]


# What it remembers

def remembers(place, requests=2):
    """Requests, the last of which failed for what it asked."""
    place.has_daemon()
    assert place.asks_daemon("Hello") == 200
    assert place.asks_daemon(ALWAYS_REFUSED) == 400
    eventually(lambda: len(records(place, "requests")) == requests, "the requests are recorded")


def records(place, kind):
    return json.loads(place.gembal("logs", kind, "--json"))[kind]


@example("gembal logs requests -f")
def _(place):
    place.has_keys()
    place.has_daemon()
    terminal = place.runs_in_terminal()
    place.asks_daemon("Hello")
    terminal.shows(" 200 .* gemini-2.5-flash ")
    place.asks_daemon(ALWAYS_REFUSED)
    terminal.shows(" 400 .* gemini-2.5-flash ")
    terminal.types("\x03")
    terminal.ends(130)


@example("gembal logs requests --token laptop -f")
def _(place):
    place.has_keys()
    token = place.gembal("tokens", "add", "laptop", "-q").split()[0]
    place.has_daemon()
    terminal = place.runs_in_terminal()
    place.asks_daemon("Hello")
    place.asks_daemon("Hello", token)
    assert " laptop " in terminal.shows("[^\n]+ gemini-2.5-flash [^\n]+\n")[0]
    terminal.types("\x03")
    terminal.ends(130)


@example("gembal logs requests --status failed --since 1h")
def _(place):
    place.has_keys()
    remembers(place)
    done = place.runs().prints(" 400 .* gemini-2.5-flash ")
    assert " 200 " not in done.out


@example("gembal logs errors --key 3f2a91c0")
def _(place):
    place.has_keys("one", "leaked")
    remembers(place)
    place.stands_for("3f2a91c0", place.key_ids()["leaked"][:8])
    eventually(lambda: place.asks_daemon("Hello") and len(records(place, "errors")) == 2, "both keys were used")
    done = place.runs().prints("403 .*leaked")
    assert " 400 " not in done.out


@example("gembal logs errors --id 6a2d9e7c01b4-1f.1")
def _(place):
    place.env["GEMBAL_LOGS_BODIES"] = "true"
    place.has_keys()
    remembers(place)
    place.stands_for("6a2d9e7c01b4-1f.1", records(place, "errors")[0]["id"])
    place.runs().prints("bad-argument", "INVALID_ARGUMENT")


@example("gembal stats")
def _(place):
    place.has_keys()
    remembers(place)
    place.runs().prints("^gemini-2.5-flash +2 ", "^all +2 ")


@example("gembal stats --since 7d --by key")
def _(place):
    place.has_keys("one")
    remembers(place)
    place.runs().prints("^(one|" + place.key_ids()["one"] + ").* 2 ")


@example("gembal stats --by token")
def _(place):
    place.has_keys()
    token = place.gembal("tokens", "add", "laptop", "-q").split()[0]
    place.has_daemon()
    assert place.asks_daemon("Hello", token) == 200
    eventually(lambda: records(place, "requests"), "the request is recorded")
    place.runs().prints("^laptop +1 ")


@example("gembal stats --by hour --json | jq '.rows[].requests'")
def _(place):
    place.has_keys()
    remembers(place)
    assert sum(map(int, place.runs().out.split())) == 2


# What is wrong

def is_examined(place):
    """The doctor waits four seconds for upstream: it asks the sandbox itself, which is faster than what stands before it."""
    place.env |= {"GEMBAL_SERVER_LISTEN": "127.0.0.1:0", "BASE_URL": f"http://{place.world.sandbox.address}/v1beta"}


@example("gembal doctor")
def _(place):
    place.has_keys()
    is_examined(place)
    place.runs().prints("^ok +keys +2 keys", "^ok +upstream .* answers as the Gemini API does")


@example("gembal doctor -q")
def _(place):
    place.has_keys()
    is_examined(place)
    place.runs().is_silent()
    place.gembal("keys", "disable", "two")
    place.runs().prints("^warn +keys .*1 disabled")


@example("gembal doctor --json | jq -r '.checks[] | select(.status == \"fail\") | .hint'")
def _(place):
    is_examined(place)
    place.runs().prints("gembal keys add")


@example("gembal doctor --keys")
def _(place):
    place.has_keys("one", "leaked")
    is_examined(place)
    place.runs().prints("^warn +key-check +1 usable, 1 bad")

"""Examples about what is in the store: keys, tokens, the configuration, the store itself."""

import json

from cases import example
from place import found_key
from processes import eventually

ENV_FILE = f"API_KEYS=[\"{found_key('one')}\",\"{found_key('two')}\"]\nMAX_FAILURES=7\nALLOWED_TOKENS=[\"sk-one\"]\nTZ=UTC\n"
NOTE = f"Mine is {found_key('one')}, and {found_key('two')} is a spare; {found_key('one')} once more.\n"


# Keys

@example("gembal keys add < notes.txt", "gembal keys add < keys.txt")
def _(place):
    place.has_file("notes.txt", NOTE)
    place.has_file("keys.txt", NOTE)
    place.runs().prints("^added 2, ")
    assert len(place.key_ids()) == 1, "the two keys have no label"


@example("gembal keys add --env GEMINI_API_KEY")
def _(place):
    place.env["GEMINI_API_KEY"] = found_key("mine")
    place.runs().prints("^added 1, ")


@example("gembal keys list")
def _(place):
    place.has_keys("one", "spare")
    done = place.runs().prints(" one +free +ok", " spare +free +ok")
    assert "key-spare" not in done.out, "a whole key is shown"


@example("gembal keys list --status disabled")
def _(place):
    place.has_keys("one", "two")
    place.gembal("keys", "disable", "two")
    done = place.runs().prints("two +free +disabled")
    assert " one " not in done.out


@example("gembal keys why --model gemini-2.5-pro")
def _(place):
    place.has_keys("one", "two")
    place.gembal("keys", "disable", "two")
    place.runs().prints("for gemini-2.5-pro$", "one +free +next", "two +free +disabled")


@example("gembal keys check --disable --enable")
def _(place):
    place.has_keys("one", "leaked", "back")
    place.gembal("keys", "disable", "back")
    place.runs(status=1).prints("one +valid", "leaked +leaked")
    assert "leaked" in place.gembal("keys", "list", "--status", "disabled")


@example("gembal keys remove 3f2a91c0")
def _(place):
    place.has_keys("one", "two")
    place.stands_for("3f2a91c0", place.key_ids()["two"][:8])
    place.runs().prints("^removed 1$")
    assert list(place.key_ids()) == ["one"]


@example("gembal keys check -q")
def _(place):
    place.has_keys("one")
    place.runs().is_silent()
    place.has_keys("leaked")
    place.runs(status=1).prints("leaked +leaked")


@example("gembal keys check -q >bad || mail -s keys me <bad")
def _(place):
    place.has_keys("one")
    place.runs().is_silent()
    assert not (place.home / "mail").exists()
    place.has_keys("leaked")
    place.runs()
    mail = place.text("mail")
    assert mail.startswith("To: me\nSubject: keys\n") and "leaked" in mail, mail


@example("gembal keys export --json | ssh host gembal keys import")
def _(place):
    there = place.new_home("host")
    place.has_keys("one", "two")
    place.runs().prints("^added 2, ")
    place.env |= {"HOME": str(there), "XDG_DATA_HOME": f"{there}/.local/share"}
    assert set(place.key_ids()) == {"one", "two"}


# Tokens

@example("gembal tokens add laptop --rpd 1000 --models gemini-2.5-flash")
def _(place):
    place.has_keys()
    place.has_daemon()
    token = place.runs().prints(r"^gembal-\w+$").out.split()[0]
    eventually(lambda: place.asks_daemon("Hello", token) == 200, "the token is accepted")


@example("gembal tokens list")
def _(place):
    place.gembal("tokens", "add", "laptop", "--rpd", "1000")
    place.runs().prints("^laptop .*1000")


@example("gembal tokens limit laptop --rpm 60 --expires 30d")
def _(place):
    place.gembal("tokens", "add", "laptop")
    place.runs()
    token = json.loads(place.gembal("tokens", "list", "--json"))["tokens"][0]
    assert token["rpm"] == 60 and token["expires_at"], token


@example("gembal tokens remove laptop")
def _(place):
    place.gembal("tokens", "add", "laptop")
    place.runs().prints("^removed ")
    assert json.loads(place.gembal("tokens", "list", "--json"))["tokens"] == []


# The configuration

@example("gembal config show")
def _(place):
    place.has_file(".config/gembal/gembal.toml", "[pool]\nmax_failures = 7\n")
    place.runs().prints("^pool.max_failures +7 +.*gembal.toml", "^pool.max_retries .*default$")


@example("gembal config get store.url")
def _(place):
    assert place.runs().out == f"{place.home}/.local/share/gembal/gembal.db\n"


@example("gembal config get pool.max_retries")
def _(place):
    place.runs().prints(r"^\d+$")


@example("gembal config get server.listen auth.tokens")
def _(place):
    place.runs().prints(r'^server.listen = \["127.0.0.1:8000"\]$', r"^auth.tokens = \[\]$")


@example("gembal config set pool.max_retries 5")
def _(place):
    place.has_keys()
    place.has_daemon()
    assert place.setting_in_daemon("pool.max_retries") == 3
    place.runs().prints("^pool.max_retries = 5$")
    eventually(lambda: place.setting_in_daemon("pool.max_retries") == 5, "the daemon obeys")


@example("gembal config set models.search gemini-2.5-pro gemini-2.5-flash")
def _(place):
    place.runs().prints(r'^models.search = \["gemini-2.5-pro", "gemini-2.5-flash"\]$')


@example("gembal config set models.filtered '[]'")
def _(place):
    place.runs().prints(r"^models.filtered = \[\]$")


@example("gembal config set auth.admin_token - < token.txt", "gembal config set auth.admin_token - < token")
def _(place):
    place.has_file("token.txt", "sk-secret-of-the-admin\n")
    place.has_file("token", "sk-secret-of-the-admin\n")
    done = place.runs().prints("^auth.admin_token = ")
    assert "sk-secret-of-the-admin" not in done.out
    known = json.loads(place.gembal("config", "get", "auth.admin_token", "--json"))
    assert "store" in known["settings"]["auth.admin_token"]["origin"], known


@example("gembal config unset pool.max_retries")
def _(place):
    place.has_file(".config/gembal/gembal.toml", "[pool]\nmax_retries = 4\n")
    place.gembal("config", "set", "pool.max_retries", "5")
    place.runs().prints(r"^pool.max_retries = 4 ")


@example("gembal config import .env")
def _(place):
    place.has_file(".env", ENV_FILE)
    place.runs().prints("MAX_FAILURES +pool.max_failures +7").says("added 2 keys")
    assert place.gembal("config", "get", "pool.max_failures") == "7\n"


@example("gembal config import --dry-run .env")
def _(place):
    place.has_file(".env", ENV_FILE)
    place.runs().prints("MAX_FAILURES +pool.max_failures +7").says("nothing was saved")
    assert place.gembal("config", "get", "pool.max_failures") != "7\n"


@example("ssh server cat gemini-balance/.env | gembal config import -")
def _(place):
    there = place.new_home("server") / "gemini-balance"
    there.mkdir()
    (there / ".env").write_text(ENV_FILE)
    place.runs().says("added 2 keys")
    assert place.gembal("config", "get", "pool.max_failures") == "7\n"


@example("gembal config example > gembal.toml")
def _(place):
    place.runs()
    place.gembal("config", "check", "--config", "gembal.toml")
    assert "max_retries" in place.text("gembal.toml")


@example("gembal config check --config new.toml")
def _(place):
    place.has_file("new.toml", "[pool]\nmax_retries = 4\n")
    place.runs().prints("new.toml")
    place.has_file("new.toml", "[pool]\nmax_retries = 'many'\n")
    place.runs(status=2).says("max_retries")


# The store

@example("gembal store info")
def _(place):
    place.has_keys()
    place.runs().prints(f"{place.home}/.local/share/gembal/gembal.db", "(?i)sqlite", "keys +2$")


@example("gembal store migrate ~/.local/share/gembal/gembal.db mysql://gembal:secret@db/gembal")
def _(place):
    migrates(place, "db/gembal", place.world.mariadb)


@example("gembal store migrate gembal.db postgresql://gembal:secret@db.example/gembal")
def _(place):
    place.has_keys()
    (place.home / ".local/share/gembal/gembal.db").rename(place.home / "gembal.db")
    migrates(place, "db.example/gembal", place.world.postgresql)


def migrates(place, written, database):
    if not (place.home / "gembal.db").exists():
        place.has_keys()
    place.stands_for(written, database.new())
    done = place.runs().prints("keys +2$")
    assert "secret" not in done.out + done.err
    assert set(place.key_ids("--store", place.command.split()[-1])) == {"one", "two"}


@example("gembal store migrate mysql://gembal:secret@db.example/gembal copy.db")
def _(place):
    place.stands_for("db.example/gembal", place.world.mariadb.new())
    place.env["GEMBAL_STORE_URL"] = place.command.split()[-2]
    place.has_keys()
    del place.env["GEMBAL_STORE_URL"]
    place.runs().prints("keys +2$")
    assert set(place.key_ids("--store", "copy.db")) == {"one", "two"}


@example("export GEMBAL_STORE_URL=mysql://gembal:secret@db.example/gembal")
def _(place):
    place.stands_for("db.example/gembal", place.world.mariadb.new())
    place.runs(and_then="gembal config get store.url").prints("^mysql://gembal:…@127.0.0.1:")


@example('gembal store migrate ~/.local/share/gembal/gembal.db "$GEMBAL_STORE_URL"')
def _(place):
    place.has_keys()
    place.env["GEMBAL_STORE_URL"] = f"mysql://gembal:secret@{place.world.mariadb.new()}"
    place.runs().prints("keys +2$")
    assert set(place.key_ids()) == {"one", "two"}

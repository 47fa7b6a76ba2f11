"""The reply cache: one SQLite file for all runs and processes, bounded, never fatal; and the redact hook before it."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from funreason_plugin.config import load
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis import cache as cache_module
from funreason_plugin.synthesis.cache import FILE, ReplyCache, cache_folder, request_key
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.teachers.base import Completion, Request, RunStopped
from funreason_plugin.teacher_config import AgentSettings, ModelSettings, ResolvedAgent, resolve_agent

ROOT = Path(__file__).parents[2]
REPLY = Completion("Sur\N{GREEK SMALL LETTER ALPHA} \ud800 text", 120, 30, "big", cut_off=True)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ReplyCache]:
    opened = ReplyCache.open(tmp_path / "cache", size_gb=1)
    yield opened
    opened.close()


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def agent(**settings: object) -> ResolvedAgent:
    common = ModelSettings.model_validate({"model": "big", "base_url": "http://one/v1", **settings})
    return resolve_agent("querying", "openai", common, AgentSettings())


REQUEST = Request(
    "querying", ({"role": "system", "content": "Be."}, {"role": "user", "content": "Say."}), "0/1/0"
)


# -- keys -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"model": "small"}, {"api": "completions"}, {"temperature": 0.1}, {"top_p": 0.5}, {"max_new_tokens": 7},
        {"structured_output": "off"}, {"extra_body": {"top_k": 20}},
    ],
)  # fmt: skip
def test_what_decides_a_reply_is_in_its_key(change: dict[str, object]) -> None:
    assert request_key(agent(**change), REQUEST) != request_key(agent(), REQUEST)


@pytest.mark.parametrize(
    "change",
    [{"base_url": "http://two/v1"}, {"concurrency": 3}, {"request_time_limit": 5}, {"api_key_env": "A"}],
)
def test_where_and_how_fast_it_is_asked_is_not(change: dict[str, object]) -> None:
    assert request_key(agent(**change), REQUEST) == request_key(agent(), REQUEST)


def test_messages_seed_and_agent_are_in_the_key() -> None:
    others = [
        replace(REQUEST, seed="0/1/1"),
        replace(REQUEST, agent="critiquing"),
        replace(REQUEST, messages=REQUEST.messages[:1]),
        replace(REQUEST, messages=({"role": "system", "content": "Be. "}, REQUEST.messages[1])),
    ]
    assert len({request_key(agent(), request) for request in [REQUEST, *others]}) == 5


def test_a_key_does_not_depend_on_the_order_of_extra_settings_and_takes_any_text() -> None:
    one, other = ({"a": 1, "b": 2**70}, {"b": 2**70, "a": 1})
    assert request_key(agent(extra_body=one), REQUEST) == request_key(agent(extra_body=other), REQUEST)
    assert (
        len(request_key(agent(), replace(REQUEST, messages=({"role": "user", "content": "\ud800"},)))) == 32
    )


# -- replies ----------------------------------------------------------------------------------------------


def test_what_was_put_is_got_also_by_the_next_process(cache: ReplyCache) -> None:
    assert cache.get(key(1)) is None
    cache.put(key(1), REPLY)
    assert cache.get(key(1)) == REPLY
    cache.close()
    again = ReplyCache(cache.path, cache.limit)
    assert again.get(key(1)) == REPLY
    assert len(again) == 1
    again.close()


def test_files_are_the_users_alone(cache: ReplyCache) -> None:
    cache.put(key(1), REPLY)
    assert stat.S_IMODE(cache.path.parent.stat().st_mode) == 0o700
    files = [path for path in cache.path.parent.iterdir() if path.name != ".lock"]
    assert {path.name for path in files} == {FILE, f"{FILE}-wal", f"{FILE}-shm"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FUNREASON_CACHE", raising=False)
    assert cache_folder(None) == Path.home() / ".cache" / "funreason"
    monkeypatch.setenv("FUNREASON_CACHE", str(tmp_path))
    assert cache_folder(None) == tmp_path
    assert cache_folder(Path("mine")) == Path("mine")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another --cache, or give --no-cache"):
        ReplyCache.open(tmp_path / "file" / "cache", size_gb=1)


def test_over_its_size_what_was_unused_longest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000]
    monkeypatch.setattr("time.time", lambda: now[0])
    monkeypatch.setattr(cache_module, "EVICT_ROWS", 100)
    cache = ReplyCache(tmp_path / FILE, limit=2_000_000)
    reply = replace(REPLY, text="x" * 20_000)
    for number in range(300):
        now[0] += 1
        cache.put(key(number), reply)
        cache.get(key(0))
    assert cache.size <= cache.limit
    assert cache.get(key(0)) == reply  # the oldest, but used all the time
    assert cache.get(key(1)) is None
    assert cache.get(key(299)) == reply
    assert 60 < len(cache) < 100
    cache.close()
    assert (tmp_path / FILE).stat().st_size < 2 * cache.limit
    smaller = ReplyCache(tmp_path / FILE, limit=500_000)
    smaller.put(key(1000), reply)
    smaller.close()
    assert (tmp_path / FILE).stat().st_size < 600_000  # the room is given back
    assert not cache.notes + smaller.notes


def test_a_value_that_is_no_reply_counts_as_absent(cache: ReplyCache) -> None:
    other = sqlite3.connect(cache.path)
    for number, value in enumerate([b"\x80\x04.", b"[]", b'{"text": 1}', b"null", "text", 7]):
        other.execute("INSERT INTO reply (key, value, used) VALUES (?, ?, 0)", (key(number), value))
    other.commit()
    other.close()
    assert [cache.get(key(number)) for number in range(6)] == [None] * 6


# -- damage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [b"not a database at all, and long enough to be one" * 100, b"\0" * 8192])
def test_a_damaged_file_is_set_aside_with_one_note(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE).write_bytes(damage)
    cache = ReplyCache(tmp_path / FILE, 10**9)
    cache.put(key(1), REPLY)
    assert cache.get(key(1)) == REPLY
    assert len(cache.notes) == 1
    assert "set aside as replies.sqlite.damaged-" in cache.notes[0]
    assert any(path.name.startswith(f"{FILE}.damaged-") for path in tmp_path.iterdir())
    cache.close()


def test_damage_that_shows_while_it_is_used_is_mended_too(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / FILE, 10**9)
    for number in range(300):
        cache.put(key(number), replace(REPLY, text="x" * 3000))
    cache.close()
    with (tmp_path / FILE).open("r+b") as file:  # all pages but the first, which has schema and version
        size = file.seek(0, os.SEEK_END)
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    cache = ReplyCache(tmp_path / FILE, 10**9)
    for number in range(300):
        cache.get(key(number))
        cache.put(key(number), REPLY)
    assert cache.get(key(299)) == REPLY
    assert len(cache.notes) == 1
    assert "set aside" in cache.notes[0]
    cache.close()


def test_a_file_of_another_version_is_set_aside(cache: ReplyCache) -> None:
    cache.put(key(1), REPLY)
    cache.close()
    other = sqlite3.connect(cache.path)
    other.execute("PRAGMA user_version = 99")
    other.commit()
    other.close()
    again = ReplyCache(cache.path, cache.limit)
    assert again.get(key(1)) is None
    assert "version" in again.notes[0]
    again.close()


def test_a_disk_without_room_costs_the_entry_and_one_note(tmp_path: Path) -> None:
    script = """
        import resource, signal, sys
        from pathlib import Path
        from funreason_plugin.synthesis.cache import ReplyCache
        from funreason_plugin.synthesis.teachers.base import Completion
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
        cache = ReplyCache(Path(sys.argv[1]), 10**9)
        for number in range(200):
            cache.put(number.to_bytes(32, "big"), Completion("x" * 3000, 1, 1, "m"))
        print(len(cache.notes), len(cache), cache.get((0).to_bytes(32, "big")) is not None)
        print(cache.notes[0])
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / FILE)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    first, note = done.stdout.strip().splitlines()
    count, kept, found = first.split()
    assert (count, found) == ("1", "True")
    assert 10 < int(kept) < 200
    assert "some replies are not kept, the run goes on" in note


# -- several processes ------------------------------------------------------------------------------------

WRITER = """
    import sys
    from pathlib import Path
    from funreason_plugin.synthesis.cache import ReplyCache
    from funreason_plugin.synthesis.teachers.base import Completion
    cache = ReplyCache.open(Path(sys.argv[1]), 1)
    begin = int(sys.argv[2])
    for number in range(begin, begin + int(sys.argv[3])):
        cache.put(number.to_bytes(32, "big"), Completion("x" * 2000, number, 1, "m"))
        print(number, flush=True)
    print(cache.notes, flush=True)
    cache.close()
"""


def writer(folder: Path, begin: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(folder), str(begin), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    """They also create the file at once."""
    processes = [writer(tmp_path / "cache", 1000 * number, 150) for number in range(4)]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert all(text.splitlines()[-1] == "[]" for text in said)
    cache = ReplyCache.open(tmp_path / "cache", 1)
    assert len(cache) == 600
    assert all(cache.get(key(1000 * process + number)) for process in range(4) for number in range(150))
    cache.close()


def test_a_killed_process_loses_nothing_that_was_put(tmp_path: Path) -> None:
    process = writer(tmp_path / "cache", 0, 100_000)
    assert process.stdout is not None
    for _ in range(50):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    put = 50 + sum(line.strip().isdigit() and line.endswith("\n") for line in process.stdout)
    process.wait()
    cache = ReplyCache.open(tmp_path / "cache", 1)
    assert all(cache.get(key(number)) for number in range(put))
    assert not cache.notes
    cache.close()


# -- redact -----------------------------------------------------------------------------------------------

HOOKS = """
import re

def no_mail(text):
    return re.sub(r"\\S+@\\S+", "[mail]", text)

def raises(text):
    raise ValueError(text)

def bytes_back(text):
    return text.encode()

def grows(text):
    return text + "!"

def fails_late(text):
    return 1 / ("boom" not in text) and text

NOT_A_FUNCTION = 3
"""


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    path = tmp_path / "hooks.py"
    path.write_text(HOOKS)
    return path


def test_the_hook_changes_texts_and_nothing_else(hooks: Path) -> None:
    redactor = Redactor.load(f"{hooks}:no_mail")
    assert redactor.text("ask ann@example.org now") == "ask [mail] now"
    row = {
        "index": 3,
        "phase": "query",
        "code": "leaked_value",
        "detail": "a@b.c",
        "calls": [["f", {"to": ["x@y"]}]],
    }
    assert orjson.loads(redactor.clean_line(orjson.dumps(row))) == {
        **row, "detail": "[mail]", "calls": [["f", {"to": ["[mail]"]}]]
    }  # fmt: skip
    assert redactor.clean_line(orjson.dumps(row)).endswith(b"\n")
    assert redactor.keeps(orjson.dumps({"a": ["fine", {"certificate": "a@b"}], "n": 3, "t": None}))
    assert not redactor.keeps(orjson.dumps({"a": ["fine", {"b": "to a@b"}]}))


def test_query_examples_pass_the_hook_before_a_model_sees_them(hooks: Path, tmp_path: Path) -> None:
    (tmp_path / "queries.txt").write_text(
        "Book a table, ann@example.org\nBook a table, bob@example.org\nWhere is it?\n"
    )
    config = load(
        None,
        {
            "env": ["travel"], "teacher": "openai", "model": "m", "out": tmp_path / "out",
            "query_examples": tmp_path / "queries.txt", "redact": f"{hooks}:no_mail",
        },
    )  # fmt: skip
    assert Prompts.of(config).examples == ("Book a table, [mail]", "Where is it?")
    failing = config.model_copy(update={"redact": f"{hooks}:fails_late"})
    (tmp_path / "queries.txt").write_text("boom\n")
    with pytest.raises(UserError, match="query_examples: redact"):
        Prompts.of(failing)


def test_without_a_hook_everything_stays() -> None:
    redactor = Redactor.load(None)
    assert not redactor.active
    assert redactor.text("a@b") == "a@b"
    assert redactor.keeps(b'{"a": "a@b"}')
    assert redactor.clean_line(b'{"a":  "a@b"}\n') == b'{"a":  "a@b"}\n'


@pytest.mark.parametrize(
    "name, expected",
    [
        ("hooks", "is not a function; expected module:function"),
        ("no_such_module_here:f", "no module 'no_such_module_here'"),
        ("{hooks}:no_male", "has no function 'no_male'; did you mean 'no_mail'?"),
        ("{hooks}:NOT_A_FUNCTION", "has no function 'NOT_A_FUNCTION'"),
        ("nowhere.py:f", "nowhere.py: no such file"),
        ("{hooks}:raises", "raised ValueError"),
        ("{hooks}:bytes_back", "returned bytes, expected str"),
        ("{hooks}:grows", "changes its own result once more"),
    ],
)
def test_a_hook_that_cannot_be_used_is_one_line_before_the_run(hooks: Path, name: str, expected: str) -> None:
    with pytest.raises(UserError) as raised:
        Redactor.load(name.format(hooks=hooks))
    assert expected in raised.value.message
    assert "\n" not in raised.value.message


def test_a_hook_that_fails_later_stops_the_run_and_does_not_repeat_the_text(hooks: Path) -> None:
    redactor = Redactor.load(f"{hooks}:fails_late")
    with pytest.raises(RunStopped) as raised:
        redactor.text("boom: secret")
    assert "raised ZeroDivisionError" in raised.value.reason
    assert "secret" not in raised.value.reason

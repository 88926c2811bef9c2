"""The record as a file of JSON lines."""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from legion_llm.adapters.audit.jsonl import JsonLines, JsonLinesSink
from legion_llm.adapters.audit.lines import json_of
from legion_llm.adapters.audit.log import LogSink
from legion_llm.adapters.audit.sinks import lines_file, sinks_of
from legion_llm.adapters.settings import load_settings
from legion_llm.adapters.stores.choose import stores_of
from legion_llm.messages.audit import AuditEvent
from legion_llm.messages.errors import StoreError, StoreInUse, StoreUnavailable
from legion_llm.messages.outcome import Outcome


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "audit.jsonl"


@pytest.fixture
def lines(path):
    lines = JsonLines(path, max_bytes=100, keep_files=2)
    yield lines
    lines.close()


def event(number, **body):
    return AuditEvent(id=str(number), at=0.0, request_id="r", outcome=Outcome.SUCCESS, body={"id": number, **body})


def test_lines_are_added_at_the_end(lines, path):
    lines.append(b"one\n")
    lines.append(b"two\nthree\n")

    assert path.read_bytes() == b"one\ntwo\nthree\n"


def test_a_file_that_is_there_goes_on(path, lines):
    lines.append(b"one\n")
    lines.close()

    lines.append(b"two\n")

    assert path.read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("left", [b"one\nha", b"one\n" + b"x" * 200_000])
def test_half_a_line_that_a_dead_process_left_is_cut_off(path, lines, left):
    path.parent.mkdir()
    path.write_bytes(left)

    lines.append(b"two\n")

    assert path.read_bytes() == b"one\ntwo\n"


def test_a_file_of_half_a_line_begins_anew(path, lines):
    path.parent.mkdir()
    path.write_bytes(b"half")

    lines.append(b"one\n")

    assert path.read_bytes() == b"one\n"


def test_a_long_file_is_put_aside_and_the_oldest_goes(path, lines):
    for number in range(5):
        lines.append(str(number).encode() * 59 + b"\n")

    kept = {each.name: each.read_bytes()[:1] for each in path.parent.iterdir() if each.suffix != ".lock"}
    assert kept == {"audit.jsonl": b"4", "audit.jsonl.1": b"3", "audit.jsonl.2": b"2"}


def test_where_none_is_kept_a_long_file_begins_anew(path):
    lines = JsonLines(path, max_bytes=10, keep_files=0)
    lines.append(b"12345678\n")

    lines.append(b"abc\n")
    lines.close()

    assert path.read_bytes() == b"abc\n"
    assert sorted(each.name for each in path.parent.iterdir()) == ["audit.jsonl", "audit.jsonl.lock"]


def test_lines_longer_than_a_file_may_be_are_written_all_the_same(path, lines):
    lines.append(b"x" * 500 + b"\n")

    assert path.stat().st_size == 501


def test_two_who_write_one_file_are_told(path, lines):
    lines.append(b"one\n")

    with pytest.raises(StoreInUse, match=r"audit\.path"):
        JsonLines(path, 100, 1).append(b"two\n")


def test_the_file_is_nobody_elses_business(path, lines):
    lines.append(b"one\n")

    assert path.stat().st_mode & 0o077 == 0


def test_a_place_where_no_file_can_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnavailable, match=str(tmp_path)):
        JsonLines(tmp_path / "file" / "audit.jsonl", 100, 1).append(b"one\n")


FULL = """
import resource, signal, sys
from pathlib import Path
from legion_llm.adapters.audit.jsonl import JsonLines
from legion_llm.messages.errors import StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
lines = JsonLines(Path(sys.argv[1]), 1 << 20, 1)
lines.append(b"first\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
try:
    lines.append(b"too long for the disk\\n")
except StoreError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
lines.append(b"second\\n")
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="limits of POSIX")
def test_lines_that_do_not_fit_leave_nothing_and_come_again(path):
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], cwd="/", capture_output=True, text=True, check=True)

    assert f"{path}: cannot be written" in done.stdout
    assert path.read_bytes() == b"first\nsecond\n"


def test_events_are_lines_of_json(path):
    async def write():
        sink = JsonLinesSink(JsonLines(path, 1000, 1))
        await sink.append([event(1), event(2, text="line\nbreak")])
        await sink.aclose()

    asyncio.run(write())

    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"id": 1}, {"id": 2, "text": "line\nbreak"}]


def test_a_batch_whose_writer_gave_up_meanwhile_is_written_once(path):
    batch = (event(1), event(2))

    async def write():
        sink = JsonLinesSink(JsonLines(path, 1000, 1))
        given_up = asyncio.create_task(sink.append(batch))
        await asyncio.sleep(0)  # until the thread has it
        given_up.cancel()
        await sink.append(batch)
        await sink.append((event(3),))
        await sink.aclose()

    asyncio.run(write())

    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == [1, 2, 3]


def test_a_fault_of_the_file_is_raised_to_whoever_waits(tmp_path):
    async def write():
        sink = JsonLinesSink(JsonLines(tmp_path, 1000, 1))  # a folder
        try:
            await sink.append([event(1)])
        finally:
            await sink.aclose()

    with pytest.raises(StoreError):
        asyncio.run(write())


@pytest.mark.parametrize("odd", ["lone \ud800", 2**70, {1, 2}, float("nan")])
def test_what_json_cannot_say_does_not_lose_the_event(odd):
    assert json.loads(json_of(event(1, odd=odd)))["id"] == 1


def test_the_log_gets_a_line_an_event(caplog):
    caplog.set_level(logging.INFO, logger="legion_llm.audit")

    asyncio.run(LogSink().append([event(1), event(2)]))

    assert [json.loads(record.message)["id"] for record in caplog.records] == [1, 2]


def test_a_log_that_nobody_reads_costs_nothing(caplog):
    caplog.set_level(logging.WARNING, logger="legion_llm.audit")

    asyncio.run(LogSink().append([event(1)]))

    assert caplog.records == []


def settings(**sections):
    return load_settings(overrides=sections, environ={})


def test_the_settings_name_the_sinks_and_their_order():
    chosen = settings(audit={"sinks": ["log", "jsonl", "store"]})

    assert list(sinks_of(chosen, stores_of(chosen, {}))) == ["log", "jsonl", "store"]


@pytest.mark.parametrize(
    ("sections", "file"),
    [
        ({"audit": {"path": "/logs/a.jsonl"}, "store": {"path": "/data/x.db"}}, "/logs/a.jsonl"),
        ({"store": {"path": "/data/x.db"}}, "/data/audit.jsonl"),
        ({"store": {"path": "memory"}}, str(Path("~/.legionio/data/audit.jsonl").expanduser())),
        ({}, str(Path("~/.legionio/data/audit.jsonl").expanduser())),
    ],
)
def test_the_file_lies_where_it_is_named_or_beside_the_store(sections, file):
    assert str(lines_file(settings(**sections))) == file

"""What is wrong with a file is said by its name, hurts nobody else, and is over when it is over."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest
from legion_llm.adapters.stores.sqlite import Database, FileOptions
from legion_llm.adapters.stores.sqlite.migrations import MIGRATIONS, NEWEST
from legion_llm.messages.errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreInUse,
    StoreReadOnly,
    StoreUnavailable,
    StoreVersionError,
)

NOTES = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"
INSERT = "INSERT INTO notes (text) VALUES (?)"


def opened(loop, file, **options):
    """Return a database whose first try to open has ended, one way or the other."""
    database = Database(FileOptions(path=file, busy_timeout=0.01, **options), retry=0.01)
    loop.keep(database)
    return database


def fault_of_write(loop, database, text="text"):
    with pytest.raises(StoreError) as caught:
        loop.run(database.write((INSERT, [(text,)])))
    return caught.value


def when_it_is_found_again(loop, database, text="text"):
    """Write when the file is open again; it is found by itself."""
    loop.run(database._open.wait())
    loop.run(database.write((INSERT, [(text,)])))


@pytest.fixture
def made(loop, file):
    """A file that was made and closed."""
    database = Database(FileOptions(path=file))
    keeper = loop.keep(database)
    loop.run(database.write((NOTES, [()])))
    loop.end(keeper)
    return file


def test_a_damaged_file_is_named_and_left_alone(loop, made):
    made.write_bytes(b"SQLite format 3\0" + os.urandom(8192))
    before = made.read_bytes()

    database = opened(loop, made)

    fault = fault_of_write(loop, database)
    assert isinstance(fault, StoreCorrupt)
    assert fault.store == str(made)
    assert str(made) in str(fault)
    assert made.read_bytes() == before


def test_a_file_that_is_no_database_is_named(loop, made):
    made.write_text("# Shopping list\n" * 100)

    fault = fault_of_write(loop, opened(loop, made))

    assert isinstance(fault, StoreCorrupt)
    assert "no SQLite database" in str(fault)


def test_a_file_that_is_mended_is_used_again(loop, made, tmp_path):
    good = tmp_path / "good.db"
    shutil.copy(made, good)
    made.write_text("# Shopping list\n" * 100)
    database = opened(loop, made)
    assert isinstance(database.status().fault, StoreCorrupt)

    shutil.copy(good, made)

    when_it_is_found_again(loop, database)
    assert database.status().fault is None


def test_a_file_that_is_damaged_while_it_is_in_use_is_named(loop, made):
    database = opened(loop, made)
    loop.run(database.write((INSERT, [("x" * 4000,)] * 50)))
    for task in loop._kept:
        loop.end(task)
    with made.open("r+b") as file:  # pages of the table, not the head of the file
        file.seek(4096 * 3)
        file.write(os.urandom(4096 * 40))
    database = opened(loop, made)

    with pytest.raises(StoreCorrupt, match="damaged"):
        loop.run(database.read("SELECT sum(length(text)) FROM notes"))


def test_the_database_of_another_program_is_not_touched(loop, file):
    file.parent.mkdir()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = file.read_bytes()

    fault = fault_of_write(loop, opened(loop, file))

    assert isinstance(fault, StoreCorrupt)
    assert "another program" in str(fault)
    assert file.read_bytes() == before


def test_the_file_of_a_newer_version_is_not_touched(loop, made):
    with sqlite3.connect(made) as other:
        other.execute(f"PRAGMA user_version = {NEWEST + 7}")
    other.close()

    fault = fault_of_write(loop, opened(loop, made))

    assert isinstance(fault, StoreVersionError)
    assert f"schema {NEWEST + 7}, this one knows {NEWEST}" in str(fault)


def test_a_second_gateway_on_one_file_is_refused_until_the_first_is_gone(loop, made):
    first = Database(FileOptions(path=made))
    keeper = loop.keep(first)
    second = opened(loop, made)

    fault = fault_of_write(loop, second)
    loop.run(first.write((INSERT, [("first",)])))
    loop.end(keeper)

    assert isinstance(fault, StoreInUse)
    assert "another gateway in this process uses it" in str(fault)
    when_it_is_found_again(loop, second, "second")
    assert loop.run(second.read("SELECT text FROM notes ORDER BY id")) == [("first",), ("second",)]


HOLDER = """
import sys
from pathlib import Path
from legion_llm.adapters.stores.lock import WriterLock
lock = WriterLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_on_one_file_is_named_and_its_death_frees_the_file(loop, made):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(made)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/"
    )
    with other:
        assert other.stdout.readline() == b"held\n"
        database = opened(loop, made)
        fault = fault_of_write(loop, database)
        other.kill()

    assert isinstance(fault, StoreInUse)
    assert f"process {other.pid} uses it" in str(fault)
    when_it_is_found_again(loop, database)


def test_a_locked_file_is_told_and_used_again_when_it_is_free(loop, made):
    database = opened(loop, made)
    other = sqlite3.connect(made, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    fault = fault_of_write(loop, database)
    shown = database.status().fault
    other.execute("ROLLBACK")
    other.close()

    assert isinstance(fault, StoreInUse)
    assert isinstance(shown, StoreInUse)
    assert fault.retry_after == 1.0
    when_it_is_found_again(loop, database)
    assert database.status().fault is None


def test_a_full_disk_is_told_and_what_was_kept_stays(loop, made):
    database = opened(loop, made, pragmas=("max_page_count = 40",))
    loop.run(database.write((INSERT, [("before",)])))

    fault = fault_of_write(loop, database, "x" * 500_000)

    assert isinstance(fault, StoreFull)
    assert isinstance(database.status().fault, StoreFull)
    assert loop.run(database.read("SELECT text FROM notes")) == [("before",)]
    loop.run(database.write((INSERT, [("after",)])))
    assert database.status().fault is None


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a file system needs privileges that this process has not")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_really_full_is_told_and_used_again_when_there_is_room(loop, tiny_disk):
    ballast = tiny_disk / "ballast"
    database = opened(loop, tiny_disk / "store.db")
    loop.run(database.write((NOTES, [()])))
    with contextlib.suppress(OSError), ballast.open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()

    fault = fault_of_write(loop, database, "x" * 200_000)
    ballast.unlink()

    assert isinstance(fault, StoreUnavailable)
    assert str(tiny_disk) in str(fault)
    when_it_is_found_again(loop, database, "later")
    assert loop.run(database.read("SELECT text FROM notes")) == [("later",)]
    for task in loop._kept:
        loop.end(task)


READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from legion_llm.adapters.stores.sqlite import Database, FileOptions
from legion_llm.messages.errors import StoreError
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
async def main():
    database = Database(FileOptions(path=Path(sys.argv[1])))
    keeper = asyncio.create_task(database.run())
    await database.known()
    try:
        await database.write(("INSERT INTO notes (text) VALUES ('x')", [()]))
    except StoreError as error:
        print(type(error).__name__, error)
    keeper.cancel()
asyncio.run(main())
"""


@pytest.fixture
def reachable(tmp_path_factory):
    """A folder that another user may enter."""
    folder = tmp_path_factory.mktemp("reachable")
    for each in (folder, *folder.parents[:2]):
        before = each.stat().st_mode
        each.chmod(before | 0o055)
    return folder


def told_to_another_user(path):
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(path)], cwd="/", capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_file_that_may_only_be_read_is_named(reachable, made):
    path = reachable / "store.db"
    shutil.copy(made, path)
    path.chmod(0o444)
    reachable.chmod(0o777)

    assert told_to_another_user(path).startswith(f"{StoreReadOnly.__name__} {path}: ")


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_in_which_nothing_can_be_made_is_named(reachable):
    reachable.chmod(0o555)

    told = told_to_another_user(reachable / "new" / "store.db")

    assert told.startswith(f"{StoreUnavailable.__name__} {reachable / 'new' / 'store.db'}: cannot be made")
    assert "Permission denied" in told


def test_a_folder_in_place_of_the_file_is_named(loop, file):
    file.mkdir(parents=True)

    fault = fault_of_write(loop, opened(loop, file))

    assert type(fault) is StoreUnavailable
    assert str(file) in str(fault)


# -- versions


STEPS = (
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
    "ALTER TABLE notes ADD COLUMN colour TEXT",
    "CREATE INDEX notes_by_colour ON notes (colour); UPDATE notes SET colour = 'blue'",
)


@pytest.mark.parametrize("older", [1, 2, 3])
def test_a_file_of_any_older_version_is_brought_forward_with_what_it_holds(loop, file, older):
    keeper = loop.keep(old := Database(FileOptions(path=file, versions=STEPS[:older])))
    loop.run(old.write((INSERT, [("kept",)])))
    loop.end(keeper)

    new = opened(loop, file, versions=STEPS)

    assert loop.run(new.read("PRAGMA user_version")) == [(3,)]
    assert loop.run(new.read("SELECT text FROM notes")) == [("kept",)]


def test_a_migration_that_fails_leaves_the_file_as_it_was(loop, file):
    keeper = loop.keep(old := Database(FileOptions(path=file, versions=STEPS[:1])))
    loop.run(old.write((INSERT, [("kept",)])))
    loop.end(keeper)

    broken = opened(loop, file, versions=(STEPS[0], "CREATE TABLE extra (x)", "INSERT INTO nowhere VALUES (1)"))
    fault = broken.status().fault
    for task in loop._kept:
        loop.end(task)

    assert isinstance(fault, StoreCorrupt)
    with sqlite3.connect(file) as other:
        assert other.execute("PRAGMA user_version").fetchone() == (1,)
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["notes"]
        assert other.execute("SELECT text FROM notes").fetchall() == [("kept",)]
    other.close()


def test_every_version_that_was_ever_released_can_be_made():
    connection = sqlite3.connect(":memory:")

    for script in MIGRATIONS:
        connection.executescript(script)

    connection.close()

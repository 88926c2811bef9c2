"""A schema of a test's own on a PostgreSQL server that is there already, or a whole server of the test's own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import uuid
from pathlib import Path

import psycopg
from legion_llm.adapters.stores.postgres.opening import Server

URL = os.environ.get("LEGION_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
PATIENCE = 20


def absence() -> str | None:
    """Why there is no server, or None."""
    try:
        psycopg.connect(URL, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        return f"no PostgreSQL at {URL}: {error}"
    return None


class Schema:
    """A schema that nobody else uses; its connections are known by its name."""

    def __init__(self, url: str = URL) -> None:
        self.name = f"legion_test_{uuid.uuid4().hex[:12]}"
        self._admin = url
        self.url = f"{url}?application_name={self.name}"

    def server(self, **fields) -> Server:
        return Server(url=self.url, schema=self.name, **fields)

    def settings(self, **fields) -> dict:
        return {"url": self.url, "schema": self.name, **fields}

    def execute(self, sql: str, parameters=()) -> list[tuple]:
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute(f"SET search_path TO {self.name}")
            cursor = connection.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def clear(self) -> None:
        """Empty all tables, which is a hundred times quicker than to make them anew."""
        names = self.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [self.name])
        self.execute("; ".join(f"DELETE FROM {name}" for (name,) in names if name != "legion_schema"))

    def kill(self) -> int:
        """End all connections to it, and wait until they have ended; returns how many there were."""
        sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s"
        return len(self.execute(sql, [self.name]))

    def drop(self) -> None:
        self.kill()
        self.execute(f"DROP SCHEMA IF EXISTS {self.name} CASCADE")


class OwnServer:
    """A server process that a test may stop, freeze and start: reached by a socket in its folder alone."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._sockets = folder
        # PostgreSQL refuses to run as root.
        self._user = "postgres" if os.getuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        self.url = f"postgresql://{self._user or pwd.getpwuid(os.getuid()).pw_name}@/postgres?host={folder}"
        self._run("initdb", "--no-sync", "--auth=trust", "-D", str(self._data))

    @staticmethod
    def absence() -> str | None:
        if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
            return "no PostgreSQL programs (initdb, pg_ctl) on PATH"
        return None

    @property
    def pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self._sockets} -c fsync=off -c max_connections=20"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._sockets / "log"), "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", mode, "-w", "stop")

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, user=self._user, cwd=self._sockets, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr

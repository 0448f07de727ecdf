"""A PostgreSQL of a test's own, which may be killed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

import psycopg2
import pytest

from tests.databases import HOST
from tests.server.conftest import free_port

_SLOWEST_START = 60  # seconds, with what a kill left to be recovered


def binaries() -> Path:
    """The folder of PostgreSQL's programs; the newest where there are several."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        return folder
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    sentence = "PostgreSQL's own programs (initdb, postgres, pg_dump) are not installed."
    if os.environ.get("CI"):
        pytest.fail(f"{sentence} They must be in CI.")
    pytest.skip(sentence)


class PrivatePostgreSQL:
    """A PostgreSQL in a folder of its own, on a free port.

    Args:
        folder: Empty; the user postgres must be able to reach it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"postgresql://postgres@{HOST}:{self._port}/postgres"
        self._process: Optional[subprocess.Popen[bytes]] = None
        # It refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "--auth=trust", "--username=postgres", "--no-sync").wait(60)
        self.start()

    def _run(self, program: str, *options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(binaries() / program), "-D", str(self._folder / "data"), *options],
            user=self._user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )

    def start(self) -> None:
        """Starts it unless it runs, and waits until it answers."""
        deadline = time.monotonic() + _SLOWEST_START
        listen = ("-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories=")
        while time.monotonic() < deadline:
            # It ends at once while a killed one's last processes still hold its memory.
            if self._process is None or self._process.poll() is not None:
                self._process = self._run("postgres", "-p", str(self._port), *listen)
            try:
                psycopg2.connect(self.url).close()
            except psycopg2.OperationalError:
                time.sleep(0.1)
            else:
                return
        pytest.fail("The private PostgreSQL did not start.")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(timeout=60)


@contextmanager
def private_postgresql(folder: Optional[Path] = None) -> Iterator[PrivatePostgreSQL]:
    """One that is gone afterwards; in a folder of its own, if none is given."""
    # Not pytest's own folder: other users cannot reach into it.
    with tempfile.TemporaryDirectory(prefix="companion-") as own:
        running = PrivatePostgreSQL(folder or Path(own))
        try:
            yield running
        finally:
            running.kill(signal.SIGINT)  # at once, with all connections

"""Databases for the tests: SQLite in a folder, PostgreSQL on its standard port."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest

HOST, PORT = "127.0.0.1", 5432
ENGINES = ["sqlite", "postgresql"]


@contextmanager
def new_database(engine: str, folder: Path) -> Iterator[str]:
    """The address of an empty database, which is dropped afterwards."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'companion.db'}"
        return
    try:
        admin = psycopg2.connect(host=HOST, port=PORT, user="postgres", dbname="postgres")
    except psycopg2.OperationalError as error:
        if os.environ.get("CI"):
            pytest.fail(f"PostgreSQL must run in CI: {error}")
        pytest.skip(f"PostgreSQL does not answer on {HOST}:{PORT} for the user postgres.")
    admin.autocommit = True
    name = f"companion_test_{uuid.uuid4().hex}"
    with admin.cursor() as cursor:
        cursor.execute(f"create database {name}")
        try:
            yield f"postgresql://postgres@{HOST}:{PORT}/{name}"
        finally:
            cursor.execute(f"drop database {name} with (force)")
            admin.close()


class Cable:
    """A TCP proxy before PostgreSQL that can be cut and mended."""

    def __init__(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._whole = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole:
                near.close()
                continue
            far = socket.create_connection((HOST, PORT))
            self._ends += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        finally:
            for end in (one, other):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        self._whole = False
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

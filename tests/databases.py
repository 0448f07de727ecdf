"""Databases for tests: SQLite in a folder, and a PostgreSQL database of its own for each test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

POSTGRES = "postgresql+psycopg2://postgres@127.0.0.1:5432"
KINDS = ("sqlite", "postgresql")


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database.

    Without a PostgreSQL server on its standard port the test is skipped, except in CI.
    """
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'companion.db'}"
        return
    server = sa.create_engine(f"{POSTGRES}/postgres", isolation_level="AUTOCOMMIT")
    name = f"companion_{uuid.uuid4().hex[:12]}"
    try:
        with server.connect() as connection:
            connection.execute(sa.text(f"create database {name}"))
    except OperationalError:
        if "CI" in os.environ:
            raise
        pytest.skip("No PostgreSQL answers at 127.0.0.1:5432 for the user postgres.")
    try:
        yield f"{POSTGRES}/{name}"
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"drop database {name} with (force)"))

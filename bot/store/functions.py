"""Functions of our own in PostgreSQL, for what is done at each turn.

PostgreSQL plans a statement anew each time it comes: .45 of the 1.1 ms of processor time that it
took for what a turn reads and writes. What stands in a function it plans once for each connection;
prepared statements would be lost in a pool that shares connections between processes (PgBouncer).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection


class Function:
    """A function in PL/pgSQL.

    Its name ends on a digest of what it does, so that versions of this project may run side by side
    on one database.

    Args:
        name: How its name begins.
        arguments: Their names and types; by these names it takes their values.
        returns: What it gives.
        body: What it does, without percent signs (psycopg2 would fill something in).
    """

    def __init__(self, name: str, arguments: Mapping[str, str], returns: str, body: str) -> None:
        typed = ", ".join(map(" ".join, arguments.items()))
        definition = f"({typed}) returns {returns} language plpgsql as $body${body}$body$"
        self._name = f"{name}_{hashlib.sha256(definition.encode()).hexdigest()[:8]}"
        self._create = f"create function {self._name} {definition}"
        values = (f"cast(%({name})s as {its_type})" for name, its_type in arguments.items())
        self._call = f"select * from {self._name}({', '.join(values)})"

    def call(self, connection: Connection, values: Mapping[str, Any]) -> sa.engine.CursorResult:
        """What it gives for the values of its arguments."""
        # By the driver itself: SQLAlchemy's part takes longer than ours, and adds nothing here.
        return connection.exec_driver_sql(self._call, values)

    def create_with(self, metadata: sa.MetaData) -> None:
        """Lets it be made, where it is missing, when the tables are."""

        def create(target: sa.MetaData, connection: Connection, **kwargs: Any) -> None:
            if connection.dialect.name != "postgresql":
                return
            known = sa.select(sa.func.to_regproc(self._name))
            if connection.execute(known).scalar_one() is None:
                connection.exec_driver_sql(self._create)

        sa.event.listen(metadata, "after_create", create)

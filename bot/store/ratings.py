"""What parents thought of answers: a thumb up or down for each statement that an answer showed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from typing import NamedTuple, Optional

import sqlalchemy as sa
from sqlalchemy.orm import Session

TABLE = sa.Table(
    "ratings",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation", sa.String(255), index=True, nullable=False),
    sa.Column("statement", sa.String(100), nullable=False),
    sa.Column("helpful", sa.Boolean, nullable=False),
    sa.Column("given_on", sa.Date, nullable=False),
    sa.Column("words", sa.Text),  # the parent's question, only where the clinic wants it
)


class Opinion(NamedTuple):
    """What parents thought of a statement.

    Attributes:
        statement: Its id.
        helpful: How many said that it helped.
        unhelpful: How many said that it did not.
    """

    statement: str
    helpful: int
    unhelpful: int


def rate(
    session: Session,
    conversation: str,
    statements: Iterable[str],
    helpful: bool,
    words: Optional[str],
) -> None:
    """Keeps what a parent thought of an answer; a later thumb takes the earlier one's place."""
    today = dt.datetime.fromtimestamp(time.time(), dt.timezone.utc).date()
    for statement in statements:
        session.execute(
            TABLE.delete().where(
                TABLE.c.conversation == conversation, TABLE.c.statement == statement
            )
        )
        session.execute(
            TABLE.insert().values(
                conversation=conversation,
                statement=statement,
                helpful=helpful,
                given_on=today,
                words=words,
            )
        )


def opinions(session: Session) -> list[Opinion]:
    """What parents thought of each statement, the least helpful first."""
    helpful = sa.func.sum(sa.case((TABLE.c.helpful, 1), else_=0))
    count = sa.func.count()
    columns = (TABLE.c.statement, helpful, count - helpful)
    rows = session.execute(sa.select(*columns).group_by(TABLE.c.statement)).all()
    found = [Opinion(name, int(good), int(bad)) for name, good, bad in rows]
    return sorted(found, key=lambda opinion: (-opinion.unhelpful, opinion.statement))


def forget_whose(session: Session, day: dt.date) -> None:
    """Deletes what could tell whose a rating of before that day was; the thumb itself stays."""
    old = TABLE.update().where(TABLE.c.given_on < day)
    session.execute(old.values(conversation="", words=None))

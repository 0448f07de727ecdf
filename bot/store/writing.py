"""Writes a turn of a conversation, whole or not at all, and only onto what it knew of.

Processes do not wait for each other: whoever writes last onto the same state is overtaken, and its
turn is done again. No lock is held in the database, so none hangs with a process, and pools that
share connections between processes (PgBouncer) are no trouble.

PostgreSQL takes a turn as one statement: one trip to the server instead of eight, and each trip
costs a server's threads more than the database's work (2.7 ms of processor time a message became
1.8 on 2 cores with 50 users). SQLite, in the same process, takes it step by step.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Optional

import sqlalchemy as sa
from rasa.shared.core.events import Event, UserUttered
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from bot.store.turns import CONVERSATIONS, EVENTS, MESSAGES, Snapshot

Before = Optional[float]

# An event's number is known once it is there, and a message is noted with its event's. All
# hangs on `moved`: it is empty where the conversation no longer stands where it was read.
_TURN = """
    with moved as (
        {move}
        returning conversation
    ), new as (
        select *
        from unnest(
            cast(:type_name as text[]), cast(:timestamp as float8[]),
            cast(:intent_name as text[]), cast(:action_name as text[]),
            cast(:data as text[]), cast(:message_id as text[])
        ) with ordinality as
            event (type_name, "timestamp", intent_name, action_name, data, message_id, place)
    ), added as (
        insert into events (sender_id, type_name, "timestamp", intent_name, action_name, data)
        select conversation, type_name, "timestamp", intent_name, action_name, data
        from moved, new order by place
        returning id
    ), numbered as (
        select id, row_number() over (order by id) as place from added
    ), noted as (
        insert into messages (conversation, message_id, event, said_at)
        select conversation, message_id, id, "timestamp"
        from moved, new join numbered using (place)
        where message_id is not null
    )
    select count(*) from moved
"""
_BEGIN = sa.text(
    _TURN.format(
        move="""
        insert into conversations (conversation, slots, offered, said_at)
        values (:conversation, cast(:slots as json), cast(:offered as json), :said_at)
        on conflict do nothing
        """
    )
)
_GO_ON = sa.text(
    _TURN.format(
        move="""
        update conversations
        set slots = cast(:slots as json), offered = cast(:offered as json), said_at = :said_at
        where conversation = :conversation and said_at = cast(:before as float8)
        """
    )
)
_COLUMNS = ("type_name", "timestamp", "intent_name", "action_name", "data", "message_id")
_MOVE = CONVERSATIONS.update().where(
    CONVERSATIONS.c.conversation == sa.bindparam("there"),
    CONVERSATIONS.c.said_at == sa.bindparam("before"),
)


class Overtaken(Exception):
    """Another process has written into the conversation since it was read; nothing was kept."""


def message_id(event: Event) -> Optional[str]:
    """The id of a parent's message; None for all other events."""
    return (event.message_id or None) if isinstance(event, UserUttered) else None


def in_one_statement(
    connection: Connection, conversation: str, new: Sequence[Event], now: Snapshot, before: Before
) -> None:
    """Writes a turn into PostgreSQL.

    Args:
        connection: Needs no transaction.
        conversation: Whose events these are.
        new: The events that are not kept yet, at least one.
        now: Where the conversation stands after them.
        before: When the latest event was said that the turn knew of; None where there was none.

    Raises:
        Overtaken: That is no longer the latest.
        sqlalchemy.exc.IntegrityError: One of its messages is kept already.
    """
    rows = [_row(conversation, event) for event in new]
    columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in _COLUMNS}
    columns["message_id"] = [message_id(event) for event in new]
    state = {"slots": json.dumps(now.slots), "offered": json.dumps(now.offered)}
    values = {"conversation": conversation, **columns, **state, "said_at": now.said_at}
    moved = (
        connection.execute(_BEGIN, values)
        if before is None
        else connection.execute(_GO_ON, {**values, "before": before})
    )
    if not moved.scalar_one():
        raise Overtaken


def step_by_step(
    connection: Connection, conversation: str, new: Sequence[Event], now: Snapshot, before: Before
) -> None:
    """Writes a turn into any database, in the transaction of the connection; else the same."""
    if before is None:
        try:
            connection.execute(
                CONVERSATIONS.insert(), {"conversation": conversation, **now._asdict()}
            )
        except IntegrityError as error:
            raise Overtaken from error
    else:
        where = {"there": conversation, "before": before}
        if not connection.execute(_MOVE, {**where, **now._asdict()}).rowcount:
            raise Overtaken
    rows: list[dict[str, Any]] = []
    for event in new:
        rows.append(_row(conversation, event))
        if noted := message_id(event):
            *earlier, said = rows
            if earlier:
                connection.execute(EVENTS.insert(), earlier)
            # By itself, for its number: to look for that would cost more and more.
            (number,) = connection.execute(EVENTS.insert(), said).inserted_primary_key
            message = {"conversation": conversation, "message_id": noted, "event": number}
            connection.execute(MESSAGES.insert(), {**message, "said_at": event.timestamp})
            rows = []
    if rows:
        connection.execute(EVENTS.insert(), rows)


def _row(conversation: str, event: Event) -> dict[str, Any]:
    data = event.as_dict()
    return {
        "sender_id": conversation,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }

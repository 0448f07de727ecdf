"""Writes what is new in a conversation, whole or not at all.

PostgreSQL takes a turn as one statement: one trip to the server instead of eight, and each trip
costs a server's threads more than the database's work (2.7 ms of processor time a message become
1.3 on 2 cores with 50 users). SQLite, in the same process, takes it step by step.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from rasa.shared.core.events import Event, UserUttered
from sqlalchemy.engine import Connection

from bot.store.turns import CONVERSATIONS, EVENTS, MESSAGES, Snapshot

# An event's number is known once it is there, and a message is noted with its event's.
_IN_ONE_STATEMENT = sa.text(
    """
    with new as (
        select *
        from unnest(
            cast(:type_name as text[]), cast(:timestamp as float8[]),
            cast(:intent_name as text[]), cast(:action_name as text[]),
            cast(:data as text[]), cast(:message_id as text[])
        ) with ordinality as
            event (type_name, "timestamp", intent_name, action_name, data, message_id, place)
    ), added as (
        insert into events (sender_id, type_name, "timestamp", intent_name, action_name, data)
        select :conversation, type_name, "timestamp", intent_name, action_name, data
        from new order by place
        returning id
    ), numbered as (
        select id, row_number() over (order by id) as place from added
    ), noted as (
        insert into messages (conversation, message_id, event, said_at)
        select :conversation, message_id, id, "timestamp"
        from new join numbered using (place)
        where message_id is not null
    )
    insert into conversations (conversation, slots, offered, said_at)
    values (:conversation, cast(:slots as json), cast(:offered as json), :said_at)
    on conflict (conversation) do update
    set slots = excluded.slots, offered = excluded.offered, said_at = excluded.said_at
    """
)
_COLUMNS = ("type_name", "timestamp", "intent_name", "action_name", "data", "message_id")
_NOTED = CONVERSATIONS.c.conversation == sa.bindparam("there")
_NOTE = CONVERSATIONS.update().where(_NOTED)


def message_id(event: Event) -> str | None:
    """The id of a parent's message; None for all other events."""
    return (event.message_id or None) if isinstance(event, UserUttered) else None


def in_one_statement(
    connection: Connection, conversation: str, new: Sequence[Event], now: Snapshot
) -> None:
    """Writes a turn into PostgreSQL.

    Args:
        connection: Needs no transaction.
        conversation: Whose events these are.
        new: The events that are not kept yet, at least one.
        now: Where the conversation stands after them.

    Raises:
        sqlalchemy.exc.IntegrityError: One of its messages is kept already.
    """
    rows = [_row(conversation, event) for event in new]
    columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in _COLUMNS}
    columns["message_id"] = [message_id(event) for event in new]
    state = {
        "slots": json.dumps(now.slots),
        "offered": json.dumps(now.offered),
        "said_at": _latest(new),
    }
    connection.execute(_IN_ONE_STATEMENT, {"conversation": conversation, **columns, **state})


def step_by_step(
    connection: Connection, conversation: str, new: Sequence[Event], now: Snapshot
) -> None:
    """Writes a turn into any database, in the transaction of the connection; else the same."""
    rows: list[dict[str, Any]] = []
    for event in new:
        rows.append(_row(conversation, event))
        if noted := message_id(event):
            *before, said = rows
            if before:
                connection.execute(EVENTS.insert(), before)
            # By itself, for its number: to look for that would cost more and more.
            (number,) = connection.execute(EVENTS.insert(), said).inserted_primary_key
            message = {"conversation": conversation, "message_id": noted, "event": number}
            connection.execute(MESSAGES.insert(), {**message, "said_at": event.timestamp})
            rows = []
    if rows:
        connection.execute(EVENTS.insert(), rows)
    values = {**now._asdict(), "said_at": _latest(new)}
    if connection.execute(_NOTE, {"there": conversation, **values}).rowcount == 0:
        connection.execute(CONVERSATIONS.insert(), {"conversation": conversation, **values})


def _latest(events: Sequence[Event]) -> float:
    return max(event.timestamp for event in events)


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

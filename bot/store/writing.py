"""Writes a turn of a conversation, whole or not at all, and only onto what it knew of.

Processes do not wait for each other: whoever writes last onto the same state is overtaken, and its
turn is done again. No lock is held in the database, so none hangs with a process, and pools that
share connections between processes (PgBouncer) are no trouble.

PostgreSQL takes a turn as the call of one function: one trip to the server instead of eight, and
each trip costs a server's threads more than the database's work (2.7 ms of processor time a message
became 1.8 on 2 cores with 50 users). SQLite, in the same process, takes it step by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import orjson
import sqlalchemy as sa
from rasa.shared.core.events import Event, UserUttered
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from bot.store.functions import Function
from bot.store.turns import CONVERSATIONS, EVENTS, MESSAGES, METADATA, Snapshot

Before = Optional[float]

_TURN = Function(
    "companion_turn",
    {
        "whose": "varchar",
        "now_slots": "json",
        "now_offered": "json",
        "now_said_at": "float8",
        "before": "float8",
        # Of each event that is new:
        "types": "text[]",
        "instants": "float8[]",
        "intents": "text[]",
        "actions": "text[]",
        "contents": "text[]",
        "message_ids": "text[]",
    },
    returns="boolean",  # whether the conversation still stood where it was read
    body="""
    declare
        number integer;
    begin
        if before is null then
            insert into conversations (conversation, slots, offered, said_at)
            values (whose, now_slots, now_offered, now_said_at)
            on conflict do nothing;
        else
            update conversations
            set slots = now_slots, offered = now_offered, said_at = now_said_at
            where conversation = whose and said_at = before;
        end if;
        if not found then
            return false;
        end if;
        for i in 1 .. cardinality(types) loop
            insert into events (sender_id, type_name, "timestamp", intent_name, action_name, data)
            values (whose, types[i], instants[i], intents[i], actions[i], contents[i])
            returning id into number;
            if message_ids[i] is not null then
                insert into messages (conversation, message_id, event, said_at)
                values (whose, message_ids[i], number, instants[i]);
            end if;
        end loop;
        return true;
    end
    """,
)
_TURN.create_with(METADATA)
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
    values = {
        "whose": conversation,
        "now_slots": _json(now.slots),
        "now_offered": _json(now.offered),
        "now_said_at": now.said_at,
        "before": before,
        "types": [row["type_name"] for row in rows],
        "instants": [row["timestamp"] for row in rows],
        "intents": [row["intent_name"] for row in rows],
        "actions": [row["action_name"] for row in rows],
        "contents": [row["data"] for row in rows],
        "message_ids": [message_id(event) for event in new],
    }
    if not _TURN.call(connection, values).scalar_one():
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
        "data": _json(data),
    }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()

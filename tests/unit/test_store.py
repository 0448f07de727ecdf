"""The store and the lock, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.databases import ENGINES, new_database

pytestmark = pytest.mark.model  # imports Rasa

TOPICS = 100  # that a button may ask about; the assistant has some sixty


@pytest.fixture(params=ENGINES)
def address(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    from bot.settings import get_settings

    with new_database(request.param, tmp_path) as url:
        monkeypatch.setenv("COMPANION_DATABASE", url)
        monkeypatch.syspath_prepend(str(ROOT))  # for the processes that a test begins
        get_settings.cache_clear()
        yield url
    get_settings.cache_clear()


@pytest.fixture
def store(address: str) -> Iterator[Any]:
    from rasa.shared.core.domain import Domain

    from bot.store.conversations import ConversationStore

    opened = ConversationStore(Domain.load("domain.yml"))
    yield opened
    opened.engine.dispose()


async def _say(store: Any, conversation: str, number: int) -> Any:
    """A turn as Rasa makes it."""
    from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered

    tracker = await store.get_or_create_tracker(conversation)
    button = {"title": "More", "payload": f"/ask_{number % TOPICS}"}
    tracker.update(UserUttered(f"question {number}", message_id=f"m{number}"))
    tracker.update(ActionExecuted("action_reply"))
    tracker.update(BotUttered(f"answer {number}", data={"buttons": [button]}))
    tracker.update(SlotSet("last_topic", f"topic {number}"))
    if number == 0:
        tracker.update(SlotSet("schedule__first", "2026-11-20"))
    tracker.update(ActionExecuted("action_listen"))
    await store.save(tracker)
    return tracker


async def _begin(store: Any, conversation: str, words: str) -> Any:
    """A turn that is not kept yet, as another process has it meanwhile."""
    from rasa.shared.core.events import BotUttered, UserUttered

    tracker = await store.get_or_create_tracker(conversation)
    tracker.update(UserUttered(words, message_id=words))
    tracker.update(BotUttered(f"answer to {words}"))
    return tracker


def test_message_1000_reads_what_message_20_did(store: Any, loop: Any) -> None:
    """Stock Rasa reads all events at each message, so that each costs more than the one before.

    Old and young conversation take turns, and the cheapest of many turns counts, in processor
    time: a machine that is slower for a while is slower for both.
    """

    async def turn(conversation: str, number: int) -> tuple[int, float]:
        before = time.process_time()
        tracker = await _say(store, conversation, number)
        return len(tracker.events), time.process_time() - before

    async def talk() -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        for number in range(950):
            await _say(store, "old", number)
        for number in range(TOPICS):
            await _say(store, "young", number)
        old, young = [], []
        for number in range(50):
            old.append(await turn("old", 950 + number))
            young.append(await turn("young", TOPICS + number))
        return old, young

    old, young = loop.run_until_complete(talk())
    assert max(events for events, _ in old) < 40
    assert min(cost for _, cost in old) < 1.5 * min(cost for _, cost in young)


def test_a_long_conversation_keeps_slots_buttons_and_history(store: Any, loop: Any) -> None:
    from bot.store.turns import offered_payloads

    for number in range(40):
        loop.run_until_complete(_say(store, "long", number))
    tracker = loop.run_until_complete(store.retrieve("long"))
    assert len(tracker.events) < 40
    assert tracker.get_slot("schedule__first") == "2026-11-20"
    assert tracker.get_slot("last_topic") == "topic 39"
    assert {"/ask_0", "/ask_39"} <= offered_payloads(tracker)
    spoken = loop.run_until_complete(store.spoken("long"))
    assert [event.text for event in spoken[:2]] == ["question 0", "answer 0"]
    assert len(spoken) == 80
    assert store.count_messages("long") == 40


def test_a_tracker_is_copied_as_rasa_would_and_apart(store: Any, loop: Any) -> None:
    from rasa.shared.core.events import SlotSet
    from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

    loop.run_until_complete(_say(store, "one", 0))
    tracker = loop.run_until_complete(_say(store, "one", 1))
    twin, replayed = tracker.copy(), DialogueStateTracker.copy(tracker)
    everything = EventVerbosity.ALL
    assert twin.current_state(everything) == replayed.current_state(everything)
    assert (twin.followup_action, twin.is_paused()) == (replayed.followup_action, False)
    twin.update(SlotSet("last_topic", "another"))
    assert tracker.get_slot("last_topic") == "topic 1"
    assert tracker.current_state(everything) == replayed.current_state(everything)


def test_what_was_read_for_a_turn_is_given_in_it_alone(store: Any, loop: Any) -> None:
    async def turn(asked: str, retrieved: str) -> Any:
        assert await store.replies_to(asked, "new") is None
        return await store.retrieve(retrieved)

    for conversation in ("one", "two"):
        loop.run_until_complete(_say(store, conversation, 0))
    tracker = loop.run_until_complete(turn("one", "one"))
    assert (tracker.sender_id, tracker.latest_message.text) == ("one", "question 0")
    assert loop.run_until_complete(turn("one", "two")).sender_id == "two"
    assert loop.run_until_complete(turn("nobody", "nobody")) is None
    assert loop.run_until_complete(store.retrieve("one")).sender_id == "one"


def test_an_old_message_id_is_known_in_its_conversation_alone(store: Any, loop: Any) -> None:
    for number in range(40):
        loop.run_until_complete(_say(store, "long", number))
    (reply,) = loop.run_until_complete(store.replies_to("long", "m3"))
    assert reply.text == "answer 3"
    assert loop.run_until_complete(store.replies_to("other", "m3")) is None


def test_the_same_message_cannot_be_kept_twice(store: Any, loop: Any) -> None:
    """Stock Rasa answers a message that comes twice two times."""
    from sqlalchemy.exc import IntegrityError

    loop.run_until_complete(_say(store, "one", 1))
    with pytest.raises(IntegrityError):
        loop.run_until_complete(_say(store, "one", 1))
    assert store.count_messages("one") == 1  # and nothing else of it was kept either
    assert len(loop.run_until_complete(store.spoken("one"))) == 2


@pytest.mark.parametrize("said_before", [0, 3])
def test_a_turn_that_was_overtaken_is_not_kept(store: Any, loop: Any, said_before: int) -> None:
    from bot.store.writing import Overtaken

    for number in range(said_before):
        loop.run_until_complete(_say(store, "family", number))
    slow = loop.run_until_complete(_begin(store, "family", "slow"))
    loop.run_until_complete(_say(store, "family", 9))
    with pytest.raises(Overtaken):
        loop.run_until_complete(store.save(slow))
    assert loop.run_until_complete(store.replies_to("family", "slow")) is None
    assert store.count_messages("family") == said_before + 1
    again = loop.run_until_complete(_begin(store, "family", "slow"))
    assert again.get_slot("last_topic") == "topic 9"  # it knows now what the other turn did
    loop.run_until_complete(store.save(again))
    assert loop.run_until_complete(store.replies_to("family", "slow"))


def test_what_was_erased_meanwhile_does_not_come_back(store: Any, loop: Any) -> None:
    from bot.store.writing import Overtaken

    loop.run_until_complete(_say(store, "family", 1))
    slow = loop.run_until_complete(_begin(store, "family", "slow"))
    store.erase("family")
    with pytest.raises(Overtaken):
        loop.run_until_complete(store.save(slow))
    assert loop.run_until_complete(store.retrieve("family")) is None


def test_a_state_without_events_goes_on(store: Any, loop: Any) -> None:
    """As where events were deleted by hand: each further turn would be overtaken for ever."""
    from bot.store.turns import EVENTS

    loop.run_until_complete(_say(store, "family", 1))
    with store.engine.begin() as connection:
        connection.execute(EVENTS.delete())
    loop.run_until_complete(_say(store, "family", 2))
    assert store.count_messages("family") == 1


def test_a_conversation_of_an_earlier_version_goes_on(store: Any, loop: Any) -> None:
    from bot.store import turns

    for number in range(30):
        loop.run_until_complete(_say(store, "old", number))
    with store.session_scope() as session:
        turns.erase(session, "old")
        session.commit()
    tracker = loop.run_until_complete(_say(store, "old", 30))
    assert tracker.get_slot("schedule__first") == "2026-11-20"
    again = loop.run_until_complete(store.retrieve("old"))
    assert {"/ask_0", "/ask_30"} <= turns.offered_payloads(again)


def test_erasing_leaves_nothing(store: Any, loop: Any) -> None:
    from sqlalchemy import inspect, text

    loop.run_until_complete(_say(store, "gone", 1))
    store.rate("gone", ["treatment.dose"], True)
    store.push("gone", {"text": "hello"})
    store.erase("gone")
    with store.engine.connect() as connection:
        for table in {*inspect(store.engine).get_table_names()} - {"sqlite_sequence"}:
            rows = connection.execute(text(f"select count(*) from {table}")).scalar()
            assert rows == 0, table


def test_retention_forgets_the_state_of_silent_conversations(store: Any, loop: Any) -> None:
    loop.run_until_complete(_say(store, "silent", 1))
    store.forget_before(time.time() + 60)
    assert loop.run_until_complete(store.retrieve("silent")) is None
    assert loop.run_until_complete(store.replies_to("silent", "m1")) is None


def test_ratings_and_pushes(store: Any) -> None:
    store.rate("one", ["treatment.dose"], True)
    store.rate("one", ["treatment.dose"], False)
    (opinion,) = store.opinions()
    assert (opinion.helpful, opinion.unhelpful) == (0, 1)
    number = store.push("one", {"text": "hello"})
    assert store.newest_push() == number
    assert store.pushes("one")[0].reply == {"text": "hello"}
    store.check()


def test_new_events_are_sent_on_once_they_are_kept(store: Any, loop: Any) -> None:
    class Broker:
        sent: list[dict[str, Any]] = []

        def publish(self, event: dict[str, Any]) -> None:
            self.sent.append(event)

    store.event_broker = Broker()
    loop.run_until_complete(_say(store, "sent", 1))
    loop.run_until_complete(_say(store, "sent", 2))
    said = [event["text"] for event in Broker.sent if event["event"] == "user"]
    assert said == ["question 1", "question 2"]


def _open_store(barrier: Any) -> None:
    from bot.store.conversations import ConversationStore

    barrier.wait(60)
    ConversationStore().check()


def test_processes_that_start_at_once_make_the_tables_once(address: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(3)
    starting = [spawn.Process(target=_open_store, args=(barrier,)) for _ in range(3)]
    for process in starting:
        process.start()
    for process in starting:
        process.join(90)
    assert [process.exitcode for process in starting] == [0, 0, 0]


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_two_versions_use_one_database_side_by_side(address: str) -> None:
    """Each keeps its functions, also when a server of the other starts, and starts again."""
    import sqlalchemy as sa

    from bot.store.functions import Function

    def version(number: int) -> tuple[Function, sa.MetaData]:
        added = f"begin return given + {number}; end"
        function, metadata = (
            Function("added", {"given": "integer"}, "integer", added),
            sa.MetaData(),
        )
        function.create_with(metadata)
        return function, metadata

    versions = [version(1), version(2)]
    engine = sa.create_engine(address)
    for _, metadata in [*versions, *versions]:
        metadata.create_all(engine)
    with engine.connect() as connection:
        called = [one.call(connection, {"given": 40}).scalar() for one, _ in versions]
    engine.dispose()
    assert called == [41, 42]


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_connections_stay_open(store: Any) -> None:
    """Those of ten turns at once: to open one anew would cost each of them a process."""

    def at_once() -> set[int]:
        with ExitStack() as stack:
            turns = [stack.enter_context(store.autocommit.connect()) for _ in range(10)]
            return {turn.exec_driver_sql("select pg_backend_pid()").scalar() for turn in turns}

    assert at_once() == at_once()


def test_a_lock_serves_in_order_and_forgets_who_left(address: str, loop: Any) -> None:
    from bot.store.lock import ConversationLock

    served: list[int] = []

    async def burst() -> ConversationLock:
        lock = ConversationLock()

        async def turn(number: int) -> None:
            async with lock.lock("family"):
                await asyncio.sleep(0.001)
                served.append(number)

        await asyncio.gather(*(turn(number) for number in range(20)))
        return lock

    lock = loop.run_until_complete(burst())
    assert served == list(range(20))
    assert not lock._turns and not lock._present


def test_another_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.settings import get_settings
    from bot.store.conversations import ConversationStore

    monkeypatch.setenv("COMPANION_DATABASE", "mysql://root@localhost/companion")
    get_settings.cache_clear()
    with pytest.raises(ValueError, match="must begin with sqlite"):
        ConversationStore()
    get_settings.cache_clear()


def test_a_database_that_is_down_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stock Rasa tries again for ever, and says so at each attempt."""
    from bot.settings import get_settings
    from bot.store.conversations import ConversationStore

    monkeypatch.setenv("COMPANION_DATABASE", "postgresql://clinic:HUSH@127.0.0.1:1/companion")
    get_settings.cache_clear()
    with pytest.raises(ConnectionError, match="Is it running") as failed:
        ConversationStore()
    assert "HUSH" not in str(failed.value)
    get_settings.cache_clear()

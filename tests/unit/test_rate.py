"""How often somebody may do something."""

from __future__ import annotations

import time

import pytest

from bot.channels.rate import Rate


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_so_many_pass_in_any_minute_and_the_next_are_told_how_long_to_wait(clock: Clock) -> None:
    rate = Rate(2)
    assert rate.wait("one") == 0
    clock.now += 40
    assert rate.wait("one") == 0
    assert rate.wait("one") == 20
    assert rate.wait("another") == 0
    clock.now += 20
    assert rate.wait("one") == 0
    assert rate.wait("one") == 40


def test_whoever_was_held_back_does_not_wait_the_longer_for_it(clock: Clock) -> None:
    rate = Rate(1)
    rate.wait("one")
    for _ in range(5):
        clock.now += 10
        assert rate.wait("one") > 0
    clock.now += 10
    assert rate.wait("one") == 0


def test_a_clock_that_is_set_back_holds_nobody_back(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = Rate(1)
    rate.wait("one")
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert 0 < rate.wait("one") <= 60
    clock.now += 60
    assert rate.wait("one") == 0


def test_those_who_left_are_forgotten(clock: Clock) -> None:
    rate = Rate(2)
    for number in range(1000):
        clock.now += 1
        rate.wait(f"address {number}")
    assert len(rate._passed) <= 60

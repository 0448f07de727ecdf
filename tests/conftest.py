"""Shared by all tests: the project's folder, and one trained agent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _project_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Content and configuration are found from the project's folder."""
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="session")
def agent() -> Any:
    """The trained assistant with its real actions, conversations in memory."""
    from bot.logs import prepare_logs

    prepare_logs("ERROR")
    from bot.agent import load_agent
    from bot.settings import get_settings

    return load_agent(ROOT / get_settings().model)


@pytest.fixture(scope="session")
def loop() -> asyncio.AbstractEventLoop:
    """One event loop for everything that is said to the agent."""
    return asyncio.new_event_loop()

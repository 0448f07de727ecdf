"""What stands in the log, and what never does."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.model  # imports Rasa


def test_an_error_of_the_event_broker_is_logged_without_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from bot.logs import prepare_logs

    prepare_logs("INFO")
    import structlog

    structlog.get_logger("rasa.core.brokers.pika").error(
        "pika.events.publish.failed", host="broker", rasa_event={"text": "our Zebulon"}
    )
    assert "pika.events.publish.failed" in caplog.text
    assert "Zebulon" not in caplog.text

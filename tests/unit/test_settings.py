"""Settings from the environment."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.settings import Settings


def test_every_setting_has_a_safe_local_default() -> None:
    settings = Settings()
    assert settings.host == "127.0.0.1"
    assert settings.session_key is None


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_CLINIC_CARD", "")
    monkeypatch.setenv("COMPANION_SESSION_KEY", "")
    assert Settings().clinic_card is None
    assert Settings().session_key is None


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "99999"), ("PORT", "0"), ("RETENTION_DAYS", "0"), ("PORT", "x")]
)
def test_what_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"COMPANION_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    "half",
    [
        {"TELEGRAM_TOKEN": "t"},
        {"TELEGRAM_SECRET": "s"},
        {"SLACK_TOKEN": "t"},
        {"FACEBOOK_TOKEN": "t", "FACEBOOK_SECRET": "s"},
        {"FACEBOOK_VERIFY": "v"},
        {"TWILIO_ACCOUNT": "AC1", "TWILIO_TOKEN": "t"},
        {"TWILIO_TOKEN": "t", "ADDRESS": "https://chat.clinic.example"},
    ],
)
def test_a_messenger_is_set_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, half: dict[str, str]
) -> None:
    for name, value in half.items():
        monkeypatch.setenv(f"COMPANION_{name}", value)
    with pytest.raises(ValidationError, match="set all or none"):
        Settings()


def test_twilio_needs_a_number_to_answer_from(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {"TWILIO_ACCOUNT": "AC1", "TWILIO_TOKEN": "t", "ADDRESS": "https://chat.clinic.example"}
    for name, value in whole.items():
        monkeypatch.setenv(f"COMPANION_{name}", value)
    with pytest.raises(ValidationError, match="set one of them"):
        Settings()
    monkeypatch.setenv("COMPANION_TWILIO_WHATSAPP_NUMBER", "+15550002")
    assert Settings().twilio_whatsapp_number == "+15550002"


def test_an_address_alone_turns_nothing_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_ADDRESS", "https://chat.clinic.example/")
    assert Settings().address == "https://chat.clinic.example"
    assert Settings().twilio_token is None

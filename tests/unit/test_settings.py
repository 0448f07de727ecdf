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

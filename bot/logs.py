"""Logs: the libraries' talk on standard error, and never what a parent says."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys
from typing import Any

import structlog
from structlog.typing import EventDict

_TEXT = "%(levelname)s %(name)s %(message)s"


class JsonLines(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `message`, and where an error happened."""

    def format(self, record: logging.LogRecord) -> str:
        """The line (called by the logging library)."""
        line = {
            "time": dt.datetime.fromtimestamp(record.created, dt.timezone.utc).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def prepare_logs(level: str, form: str = "text") -> None:
    """Prepares the logs of this process; called before Rasa is imported.

    Rasa's structured log prints messages to standard output unless told otherwise.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
        form: text or json.

    Raises:
        ValueError: There is no such log level.
    """
    number = logging.getLevelName(level.upper())
    if not isinstance(number, int):
        raise ValueError("COMPANION_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    # Deprecations inside the pinned libraries are for whoever upgrades them, not for a clinic.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)

    if form == "json":
        os.environ["FORCE_JSON_LOGGING"] = "1"  # Rasa's own structured log
    from rasa.utils.log_utils import configure_structlog

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(_TEXT))
    logging.basicConfig(level=number, handlers=[handler])
    # At DEBUG Rasa writes what parents say into the log.
    logging.getLogger("rasa").setLevel(max(number, logging.INFO))
    configure_structlog(max(number, logging.WARNING))
    processors = [_what_happened, *structlog.get_config()["processors"]]
    structlog.configure(processors=processors)


def _what_happened(logger: Any, method: str, entry: EventDict) -> EventDict:
    """Only that of an entry of Rasa's: a broker that fails adds what the parent said."""
    return {name: entry[name] for name in ("event", "event_info") if name in entry}

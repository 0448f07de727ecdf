"""Logs: the libraries' talk on standard error, and never what a parent says."""

from __future__ import annotations

import logging
import os
import sys


def prepare_logs(level: str) -> None:
    """Prepares the logs of this process; called before Rasa is imported.

    Rasa's structured log prints messages to standard output unless told otherwise.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.

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

    from rasa.utils.log_utils import configure_structlog

    logging.basicConfig(
        level=number, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    # At DEBUG Rasa writes what parents say into the log.
    logging.getLogger("rasa").setLevel(max(number, logging.INFO))
    configure_structlog(max(number, logging.WARNING))

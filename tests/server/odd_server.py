"""`python -m tests.server.odd_server serve`: the real server, on a clock that a test moves.

Its clock is ahead of the machine's by the seconds that stand in the file ODD_CLOCK. A message with
the word ODD_WORD in it breaks the action that answers.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def shift_clock(file: Path) -> None:
    true_time = time.time
    time.time = lambda: true_time() + float(file.read_text())


def break_action(word: str) -> None:
    from bot.dialogue.conversation import Conversation

    answer = Conversation.answer

    def breaking(self: Conversation, parsed: Mapping[str, Any], *more: Any) -> Any:
        if word in parsed["text"]:
            raise RuntimeError(f"cannot answer {parsed['text']}")
        return answer(self, parsed, *more)

    Conversation.answer = breaking


if __name__ == "__main__":
    if "ODD_CLOCK" in os.environ:
        shift_clock(Path(os.environ["ODD_CLOCK"]))
    if "ODD_WORD" in os.environ:
        break_action(os.environ["ODD_WORD"])
    from bot.cli import main

    sys.exit(main())

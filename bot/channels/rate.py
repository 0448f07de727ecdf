"""How often somebody may do something.

On the clock that only goes forward: one that is set back would hold everybody back until it has
caught up.
"""

from __future__ import annotations

import time
from collections import deque

_MINUTE = 60.0  # seconds


class Rate:
    """Lets each one through so many times in any minute.

    Args:
        a_minute: How many times.
    """

    def __init__(self, a_minute: int) -> None:
        self._most = a_minute
        self._passed: dict[str, deque[float]] = {}  # whoever came last stands last

    def wait(self, who: str) -> float:
        """Lets somebody through, which is 0, or says how many seconds they have to wait.

        Args:
            who: A conversation or a network address.
        """
        now = time.monotonic()
        passed = self._passed.pop(who, None) or deque(maxlen=self._most)
        self._passed[who] = passed
        if len(passed) == self._most and passed[0] > now - _MINUTE:
            return passed[0] + _MINUTE - now
        passed.append(now)
        self._forget_before(now - _MINUTE)
        return 0.0

    def _forget_before(self, instant: float) -> None:
        while (first := next(iter(self._passed))) and self._passed[first][-1] <= instant:
            del self._passed[first]

"""A process that answers does not load what only training needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.model  # imports Rasa, in a process of its own

_SCRIPT = """
import sys
from bot.lean_start import start_lean
start_lean()
import bot.server
import bot.nlu.lookout, bot.nlu.parts, bot.nlu.scoped_classifier, bot.nlu.glossary_terms
heavy = ("tensorflow", "sklearn", "matplotlib", "pandas", "networkx", "botocore", "torch")
print([name for name in heavy if sys.modules.get(name) is not None])
import rasa.core.policies.ted_policy
"""


def test_nothing_heavy_is_loaded_and_deep_nets_are_refused_by_name() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _SCRIPT],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["[]"]
    assert "TEDPolicy" in done.stderr.splitlines()[-1]

"""Work that Rasa does anew at each message though its outcome never changes.

The check of what actions return takes 27 ms of processor time a message, 22 of them to check its
schema (a busy machine of 2 cores, PostgreSQL). What the others save lies within the noise.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Optional

from rasa.core.actions.action import RemoteAction
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.shared.core.events import Event


def do_constant_work_once() -> None:
    """Lets Rasa look up event types only once, and trust what the actions here return."""
    # Rasa walks the tree of all event classes for each event that it reads.
    found = lru_cache(maxsize=None)(Event.resolve_by_type)
    Event.resolve_by_type = staticmethod(found)  # type: ignore[method-assign]
    # Events never change, yet Rasa copies them to the last letter for a line of the log.
    Event.__deepcopy__ = lambda self, memo: self  # type: ignore[attr-defined]
    # Rasa's own action runner, in this process, has looked at the events already: 5 ms a message.
    RemoteAction._validate_action_result = lambda self, result: True  # type: ignore[method-assign]


class InSequence(GraphRunner):
    """Runs the trained graph node by node; through dask, each message is planned anew.

    Args:
        runner: The graph that Rasa loaded.
    """

    def __init__(self, runner: GraphRunner) -> None:
        assert isinstance(runner, DaskGraphRunner), "Rasa 3.6 loads each model into one"
        self._schema = runner._graph_schema
        self._nodes = runner._instantiated_nodes
        self._orders: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> "InSequence":
        """The runner of a trained graph, of what Rasa gives its own."""
        return cls(DaskGraphRunner.create(*args, **kwargs))

    def run(
        self, inputs: Optional[dict[str, Any]] = None, targets: Optional[list[str]] = None
    ) -> dict[str, Any]:
        """What the target nodes give (called by Rasa)."""
        wanted = tuple(targets or self._schema.target_names)
        if wanted not in self._orders:
            self._orders[wanted] = self._order(wanted)
        done: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        for name, needs in self._orders[wanted]:
            done[name] = self._nodes[name](*(done[need] for need in needs))
        return dict(done[name] for name in wanted)

    def _order(self, targets: tuple[str, ...]) -> list[tuple[str, list[str]]]:
        """Each node that the targets need, after those that it needs itself."""
        ordered: dict[str, list[str]] = {}

        def visit(name: str) -> None:
            if name in ordered or name not in self._schema.nodes:  # the latter is an input
                return
            needs = list(self._schema.nodes[name].needs.values())
            for need in needs:
                visit(need)
            ordered[name] = needs

        for target in targets:
            visit(target)
        return list(ordered.items())

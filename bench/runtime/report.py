"""The table, the plot, and the page that holds both."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

BEGIN, END = "<!-- python -m bench.runtime writes from here -->", "<!-- to here -->"


@dataclass(frozen=True)
class _Row:
    """A line of the table.

    Attributes:
        title: What was measured.
        name: The figure.
        form: How it is written.
        of: What stands for all runs.
    """

    title: str
    name: str
    form: str
    of: Callable[[Sequence[float]], float] = statistics.median


_ROWS = (
    _Row("messages a second, 50 users, one process", "throughput_1", "{:.0f}"),
    _Row("messages a second, 50 users, two processes", "throughput_2", "{:.0f}"),
    _Row("arrivals a second, one process", "arrivals", "{:.0f}"),
    _Row("p95 under these arrivals", "arrivals_p95", "{:.0f} ms"),
    _Row("p50 of a single user", "one_p50", "{:.1f} ms"),
    _Row("last message of a long conversation against the fifth", "growth", "{:.2f} times"),
    _Row("start to first answer", "start", "{:.1f} s"),
    _Row("resident memory after all this", "memory", "{:.0f} MB"),
    _Row("a custom action above a plain answer", "action", "{:.1f} ms"),
    _Row("training", "training", "{:.0f} s"),
    _Row("messages of bursts that were lost", "lost", "{:.1f} %", statistics.mean),
    _Row("slowest message of the bursts", "slowest", "{:.1f} s", max),
)

Runs = dict[str, list[dict[str, float]]]


def table(runs: Runs) -> str:
    """The figures of all runs by assistant, as a Markdown table of medians."""
    lines = [f"| | {' | '.join(runs)} |", "| --- |" + " --- |" * len(runs)]
    for row in _ROWS:
        cells = []
        for measured in runs.values():
            values = [figures[row.name] for figures in measured if row.name in figures]
            cells.append(row.form.format(row.of(values)) if values else "")
        lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def machine() -> str:
    """What was measured on, and when."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"model name\s*: (.*)", info)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    today = dt.date.today()
    return (
        f"Measured on {today.day} {today:%B %Y}: {os.cpu_count()} cores"
        f"{f' ({model.group(1)})' if model else ''}, {memory:.0f} GB, {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"Rasa {version('rasa')}."
    )


def plot(curves: dict[str, list[float]], path: Path) -> None:
    """Draws the wait for each message of the long conversations."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.5))
    for name, waits in curves.items():
        smooth = [statistics.median(waits[max(0, i - 9) : i + 1]) for i in range(len(waits))]
        axes.plot(range(1, len(waits) + 1), [1000 * wait for wait in smooth], label=name)
    axes.set_xlabel("message of the conversation")
    axes.set_ylabel("ms to the answer")
    axes.set_ylim(bottom=0)
    axes.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def write(page: Path, text: str) -> None:
    """Puts the text between the marks of a page.

    Raises:
        ValueError: The page has no marks.
    """
    whole = page.read_text(encoding="utf-8")
    if BEGIN not in whole or END not in whole:
        raise ValueError(f"{page} must have the lines {BEGIN} and {END}.")
    before, after = whole.split(BEGIN)[0], whole.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")

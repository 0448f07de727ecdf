"""`python -m bench.runtime`: this project's server against stock Rasa's, in one run.

Needs PostgreSQL on 127.0.0.1:5432 for the user postgres and, for Rasa's lock between two processes,
Redis on 127.0.0.1:6379. Writes docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.nlu.data import divide, own_sentences
from bench.runtime.measures import BURST, Assistant, Plan, measure
from bench.runtime.report import Runs, machine, plot, table, write
from bench.runtime.servers import ours, stock, stock_actions
from bench.runtime.stock import LIGHT, train, with_deep_nets

PAGE = Path("docs/benchmarks.md")
PLOT = Path("docs/images/runtime.svg")
PER_INTENT = 20  # sentences that stock Rasa learns from
ASKED = 5  # sentences of each topic
# Of all runs together; where stock Rasa's lock hangs, each takes half a minute.
BURSTS, FEWER = 50, 10


def _action_cost(model: Path, *url: str) -> float:
    command = [sys.executable, "-m", "bench.runtime.action_cost", str(model), *url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


async def _run(options: argparse.Namespace, folder: Path) -> None:
    sentences = own_sentences(Path("data/nlu"))
    learned, asked = divide(sentences, PER_INTENT, ASKED, frozenset())
    # Topics alone: an alarm is read twice, and an order to erase would end the conversation.
    texts = [text for text, intent in asked if intent.startswith("ask_")]
    plan = Plan(texts, options.seconds, options.runs)

    trained: dict[str, Path] = {}
    seconds: dict[str, float] = {}
    deep = with_deep_nets(options.epochs)
    for name, parts in {"light": LIGHT, "deep": deep}.items():
        print(f"Training stock Rasa ({name}) ...", flush=True)
        (folder / name).mkdir()
        begin = time.perf_counter()
        trained[name] = train(folder / name, parts, learned)
        seconds[name] = time.perf_counter() - begin
    light, default = "stock Rasa, no deep nets", "stock Rasa, its default"
    assistants = (
        Assistant(light, partial(stock, trained["light"]), 200, FEWER),
        Assistant("ours", ours, 1000, BURSTS),
        Assistant(default, partial(stock, trained["deep"]), 0, 0),
    )
    runs: Runs = {name: [] for name in ("ours", light, default)}
    curves = {}
    for number in range(options.runs):
        arrivals = None
        # Deep nets once: what is measured of them lies far apart.
        for assistant in assistants if number == 0 else assistants[:2]:
            print(f"Run {number + 1} of {options.runs}: {assistant.name} ...", flush=True)
            figures, waits = await measure(assistant, replace(plan, arrivals=arrivals), folder)
            arrivals = arrivals or figures["arrivals"]
            runs[assistant.name].append(figures)
            if waits:
                curves[assistant.name] = waits
        runs["ours"][-1]["action"] = _action_cost(trained["light"])
        with stock_actions(folder) as url:
            runs[light][-1]["action"] = _action_cost(trained["light"], url)
        runs[light][-1]["training"] = seconds["light"]
        runs[default][0]["training"] = seconds["deep"]
        print(table(runs), flush=True)
    text = (
        f"{machine()} `{' '.join(['python -m bench.runtime', *sys.argv[1:]])}`: medians of "
        f"{options.runs} runs of {options.seconds:g} seconds each; "
        f"{BURSTS} bursts of {BURST} messages ({FEWER} with stock Rasa, whose default was measured "
        f"once). Stock Rasa learned "
        f"{len(learned)} sentences, its deep nets for {options.epochs} epochs (its default has "
        f"100).\n\n{table(runs)}\n\n![Wait for each message of a long conversation]"
        f"({PLOT.relative_to(PAGE.parent)})"
    )
    plot(curves, PLOT)
    write(PAGE, text)
    print(f"{PAGE} and {PLOT} are written.")


def main() -> None:
    """Reads the options and runs the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench.runtime", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="whose medians are taken (5)")
    parser.add_argument("--seconds", type=float, default=15, help="of each load (15)")
    parser.add_argument("--epochs", type=int, default=1, help="of stock Rasa's deep nets (1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(_run(options, Path(name)))


if __name__ == "__main__":
    main()

"""`python -m bench.nlu`: this project's pipeline against stock Rasa, one table and one plot.

Without --train it uses this project's own sentences, so many an intent, and asks others of them.
With --train and --test it uses a public intent set: CSV files with a heading, the sentence in the
first column and the intent in the second.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from bot.logs import prepare_logs

prepare_logs("ERROR")

from bench.nlu.data import Split, csv_sentences, divide, own_sentences  # noqa: E402
from bench.nlu.measure import Measured, measure  # noqa: E402
from bench.nlu.pipelines import STOCK, ours  # noqa: E402

OWN_OUT_OF_SCOPE = ["out_of_scope_near", "out_of_scope_far"]


def _split(options: argparse.Namespace) -> Split:
    own = options.train is None
    out_of_scope = frozenset(OWN_OUT_OF_SCOPE if own else options.out_of_scope)
    sentences = own_sentences(Path("data/nlu")) if own else csv_sentences(options.train)
    if options.test is not None:
        return Split(sentences, csv_sentences(options.test), out_of_scope)
    train, test = divide(sentences, options.per_intent, options.tested, out_of_scope)
    return Split(train, test, out_of_scope)


def _table(measured: dict[str, Measured], split: Split) -> str:
    known = sum(intent not in split.out_of_scope for _, intent in split.test)
    lines = [
        f"{len(split.train)} sentences of {len({i for _, i in split.train})} intents to learn "
        "from, "
        f"{known} to be asked, {len(split.test) - known} out of scope.",
        "",
        "| pipeline | right % | 1 typo | 2 typos | scope AUROC | training s | ms | model MB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, m in measured.items():
        auroc = "" if m.auroc is None else f"{m.auroc:.1f}"
        right = " | ".join(f"{value:.1f}" for value in m.accuracy.values())
        lines.append(
            f"| {name} | {right} | {auroc} | {m.training_seconds:.0f} | {m.milliseconds:.1f} "
            f"| {m.megabytes:.0f} |"
        )
    return "\n".join(lines)


def _plot(measured: dict[str, Measured], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
    for name, m in measured.items():
        left.plot(list(m.accuracy), list(m.accuracy.values()), marker="o", label=name)
    left.set_xticks([0, 1, 2])
    left.set_xlabel("typing errors a sentence")
    left.set_ylabel("right intent, %")
    left.legend()
    names = list(measured)
    right.bar(names, [m.auroc or 0 for m in measured.values()], color=["C0", "C1"])
    right.set_ylim(50, 100)
    right.set_ylabel("out-of-scope AUROC, %")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)


async def _run(options: argparse.Namespace) -> None:
    split = _split(options)
    measured = {}
    for name, pipeline in (
        ("ours", ours(Path("config.yml"), sorted(split.out_of_scope))),
        ("stock Rasa (DIET)", STOCK),
    ):
        print(f"{name}: training and asking ...", flush=True)
        measured[name] = await measure(pipeline, split)
    print(_table(measured, split))
    _plot(measured, options.plot)
    print(f"The plot is in {options.plot}.")


def main() -> None:
    """Reads the options and runs the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench.nlu", description=__doc__)
    parser.add_argument("--train", type=Path, help="CSV to learn from; this project's data if none")
    parser.add_argument("--test", type=Path, help="CSV to ask; drawn from --train if none")
    parser.add_argument(
        "--out-of-scope", nargs="*", default=[], metavar="LABEL", help="labels of no intent"
    )
    parser.add_argument("--per-intent", type=int, default=20, help="to learn from (20)")
    parser.add_argument("--tested", type=int, default=5, help="to ask, of each intent (5)")
    parser.add_argument("--plot", type=Path, default=Path("var/bench/nlu.png"))
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()

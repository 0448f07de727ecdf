"""`python -m bench.holes`: each hole of stock Rasa, tried on it and on this project; one table.

Needs PostgreSQL on its standard port, and `make train` before.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from bench.holes import stock
from bench.holes.probes import MARK, PROBES, Side
from tests.databases import PORT, Cable, new_database
from tests.server.conftest import Server, free_port

TOKEN = "a token for the trial, long enough to be safe"
SLOWEST_START = 600  # seconds


@contextmanager
def _stock(folder: Path) -> Iterator[Side]:
    stock.train(folder)
    port, cable = free_port(), Cable()
    with new_database("postgresql", folder) as database:
        serving = stock.serve(folder, port, database.rpartition("/")[2], cable.port)
        side = Side(f"http://127.0.0.1:{port}", {}, database, cable, f'/greet{{"name": "{MARK}"}}')
        try:
            _wait(side, serving)
            yield side
        finally:
            serving.kill()
            serving.wait()
            cable.close()


def _wait(side: Side, serving: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + SLOWEST_START
    while time.monotonic() < deadline and serving.poll() is None:
        try:
            if side.works():
                return
        except requests.ConnectionError:
            time.sleep(0.5)
    raise RuntimeError("Stock Rasa did not start; see server.log in its folder.")


@contextmanager
def _ours(folder: Path) -> Iterator[Side]:
    cable = Cable()
    with new_database("postgresql", folder) as database:
        server = Server(
            folder,
            COMPANION_DATABASE=database.replace(f":{PORT}/", f":{cable.port}/"),
            COMPANION_REST_TOKEN=TOKEN,
            COMPANION_ADDRESS="https://chat.clinic.example",
            COMPANION_TWILIO_ACCOUNT="AC1",
            COMPANION_TWILIO_TOKEN="secret",
            COMPANION_TWILIO_NUMBER="+15550001",
        )
        command = f'/ask_next_dates{{"schedule__first": "{MARK}"}}'
        headers = {"Authorization": f"Bearer {TOKEN}"}
        try:
            server.wait()
            yield Side(server.url, headers, database, cable, command)
        finally:
            server.stop()
            cable.close()


def main() -> None:
    """Tries both and prints the table."""
    held = {}
    for name, starting in (("stock", _stock), ("here", _ours)):
        print(f"{name}: starting and trying ...", flush=True)
        with tempfile.TemporaryDirectory() as folder, starting(Path(folder)) as side:
            held[name] = [probe(side) for probe in PROBES]
    print("| hole | stock Rasa 3.6.21 | here |\n| --- | --- | --- |")
    for probe, theirs, ours in zip(PROBES, held["stock"], held["here"], strict=True):
        said = " | ".join("holds" if holds else "**open**" for holds in (theirs, ours))
        print(f"| {(probe.__doc__ or '').rstrip('.')} | {said} |")


if __name__ == "__main__":
    main()

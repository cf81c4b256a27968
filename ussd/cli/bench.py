"""`ussd bench`: how fast the engine is, beside a floor and beside other engines, in one run."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from simulator.bench.figures import figures
from simulator.bench.peers import peers
from simulator.bench.processes import BenchFailed
from simulator.bench.report import as_markdown, as_text
from simulator.bench.rounds import Compared, Terms, compare
from simulator.bench.steps import steps
from ussd.cli.running import told
from ussd.log import configure
from ussd.settings import load


@click.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 1000), help="Everybody's turns.")
@click.option("--seconds", default=4.0, show_default=True, type=click.FloatRange(0.1, 3600), help="Of a turn.")
@click.option("--connections", default=64, show_default=True, type=click.IntRange(1, 4096), help="Callers at once.")
@click.option(
    "--peers",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of other engines, as in tests/bench/peers; they are installed by npm and pip in USSD_HOME/bench.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Write a report in Markdown, too.")
def bench(
    rounds: int, seconds: float, connections: int, folder: Path | None, as_json: bool, write: Path | None
) -> None:
    """Measure the engine beside a bare handler with a GET and a SET, and beside other engines.

    Everybody serves the same dialogue in turns, round by round, on one core and before one Redis, and every answer is
    looked at. Exit 1 where one was wrong.
    """
    configure("readable", "error")
    with told(BenchFailed):
        others = peers(folder) if folder else []
        compared = compare(Terms(rounds, seconds, connections), others, load().home / "bench", _say)
        pure = steps()
        click.echo(json.dumps(figures(compared, pure)) if as_json else as_text(compared, pure))
        if write:
            day = datetime.now(UTC).date().isoformat()
            write.write_text(as_markdown(compared, pure, others, day, _how(compared, folder, write)))
        sys.exit(0 if compared.right else 1)


def _say(said: str) -> None:
    click.echo(said, err=True)


def _how(compared: Compared, folder: Path | None, write: Path) -> str:
    terms = compared.terms
    said: Sequence[str] = [
        f"ussd bench --rounds {terms.rounds} --seconds {terms.seconds:g} --connections {terms.connections}",
        f"--peers {folder}" if folder else "",
        f"--write {write}",
    ]
    return " ".join(filter(None, said))

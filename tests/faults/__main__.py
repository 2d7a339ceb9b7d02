"""Do the faults, print the table, and write reports/faults.md."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from tests.faults import crowds, killing, machine, missing, programs, servers
from tests.faults.ground import ROOT, Ground
from tests.faults.tally import Fault, Tally, rows_of, table

ALL: tuple[Fault, ...] = (
    *killing.FAULTS,
    *servers.FAULTS,
    *crowds.FAULTS,
    *programs.FAULTS,
    *machine.FAULTS,
    *missing.FAULTS,
)
PAGE = """# What the harness survived

Written by `make faults`, which really does each fault to a harness and looks afterwards.
*Survived*: it ended, or went on, with a clean message and the right exit status, and what
misbehaved was recorded for what it was. *Left behind*: processes, folders and files that were
still there two seconds later. *Lost*: finished cells that the next run did not find on disk.

"""


@click.command()
@click.option("--only", multiple=True, help="Only faults whose name holds this.")
@click.option("--times", type=int, default=None, help="How often each is done.")
@click.option("--brief", is_flag=True, help="A few times each, as in `make test`.")
@click.option("--write", is_flag=True, help="Write their lines of reports/faults.md.")
def main(only: tuple[str, ...], times: int | None, brief: bool, write: bool) -> None:
    """Do faults to the harness, and count what came of them."""
    chosen = [one for one in ALL if not only or any(word in one.name for word in only)]
    tallies: list[Tally] = []
    for fault in chosen:
        if brief and not fault.few:
            continue
        begun = time.monotonic()
        with Ground() as ground:
            tally = fault.run(ground, times, brief)
        tallies.append(tally)
        seconds = time.monotonic() - begun
        click.echo(f"{' '.join(tally.row)} ({seconds:.0f} s)", err=True)
        for note in tally.notes[:10]:
            click.echo(f"    {note}", err=True)
    click.echo(table([one.row for one in tallies]))
    if write:
        page = ROOT / "reports" / "faults.md"
        known = rows_of(page.read_text(encoding="utf-8")) if page.exists() else {}
        known |= {one.fault: one.row for one in tallies}
        rows = [known[fault.name] for fault in ALL if fault.name in known]
        page.write_text(PAGE + table(rows) + "\n", encoding="utf-8")
    sys.exit(not all(one.good for one in tallies))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()

"""The fault suite: what the harness must survive, really done to it.

    python -m tests.faults [--only WORD]... [--times N] [--brief] [--write]

    ground.py     where a fault takes place, and what is left there afterwards
    tally.py      what came of one fault, and the table of them
    killing.py    the harness is killed, stopped, or loses its terminal or its readers
    crowds.py     many harnesses at once
    programs.py   observed programs that misbehave
    machine.py    a full disk, a process limit, things that are gone
    missing.py    a machine that lacks what the harness would use
    soak.py       five thousand trials on oversubscribed cores: `make soak`

`make faults` does all of it and writes reports/faults.md; tests/test_faults.py does each a few
times. Everything is started below one process, which is a subreaper: what is left behind comes
home to it, however far it fled, and whatever else runs on the machine is not looked at.
"""

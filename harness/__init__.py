"""When a process ends this way, does my clean-up run?

The way of the data, in one direction:

    declare -> plan -> run -> record -> observe -> judge -> report

    model.py          the words as frozen data, and the version of the record format
    terminations.py   the catalogue: every way to end a program, one table
    interpreters.py   find the Pythons of this machine
    stacks.py, pins/  an isolated environment for an interpreter and a stack
    scenarios.py      read a program's header; the programs are in scenarios/
    plan.py           axes -> cells, and what is left out with its reason
    schedule.py       how many runs each cell takes, told what the runs showed
    measure.py        the loop between the schedule and the runs
    run/              session -> guardian -> engine -> trial: start, end, follow, leave nothing
    probe/            observes from inside, injected into every program
    endings/          acts from inside: the in-process terminations, imported by scenarios
    observe.py        history -> outcome, and its timeline
    outcomes.py       sets of outcomes: what is equal, what is a race
    store.py          records on disk
    judge.py          record -> verdict
    stderr.py         stderr without what differs between two runs
    report/           records and verdicts -> text
    cli.py            the commands; stages.py what they are made of; progress.py how they go
    bench.py          how fast all this is

`run`, `interpreters`, `stacks`, `store` and `scenarios` touch the machine; the
rest is pure, and what is right of `record` can be repeated offline.

The public API is `harness.model`, `harness.observe.observe`, `harness.run.session`
and the record format, whose JSON Schema is `harness/record.schema.json`.
"""

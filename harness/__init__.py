"""When a process ends this way, does my clean-up run?

The way of the data, in one direction:

    declare -> plan -> run -> record -> observe -> judge -> report

    model.py          the words as frozen data, and the version of the record format
    terminations.py   the catalogue: every way to end a program, one table
    interpreters.py   find the Pythons of this machine
    stacks.py, pins/  the sets of packages that are measured
    environments/     an isolated environment for an interpreter and a stack
    scenarios.py      read a program's header; the programs are in scenarios/
    plan.py           axes -> cells, and what is left out with its reason
    schedule.py       how many runs each cell takes, told what the runs showed
    measure.py        the loop between the schedule and the runs
    run/              session -> guardian -> engine -> trial: start, end, follow, leave nothing
    probe/            observes from inside, injected into every program
    endings/          acts from inside: the in-process terminations, imported by scenarios;
                      subinterpreters.py starts a second interpreter on every CPython
    observe.py        history -> outcome, and its timeline
    outcomes.py       sets of outcomes: what is equal, what is a race
    store/            records on disk
    program.py        what a scenario's program does, in the few words that rules know
    traits.py         what rules see; effects.py what they say
    rules.py          the laws, with reasons and sources
    predict.py        a program followed through the rules -> what is allowed
    judge.py          (record, prediction) -> verdict
    findings.py       where Pythons differ, with a minimal program for each
    agreement.py      two files' records of one cell: the one they are, or none
    changes.py        a cell measured again: what is new about it
    reasons.py        what the rules say of a change
    stderr.py         stderr without what differs between two runs
    report/           records and verdicts -> text
    reproducer/       a cell as a program of its own; sources.py reads what it is made of
    explain.py        what `explain` is made of
    cli.py            the commands; stages.py what they are made of; progress.py how they go
    comparison.py     the stages of check and diff
    claims.py         what was published, and what would have to be seen; conditions.py says what
    assessment.py     (claim, records) -> verdict; publication.py the stages of claims
    blog.py           the stages of blog: one trial to be watched (run/live.py, report/live.py)
    bench.py          how fast all this is

`run`, `environments`, `interpreters`, `store`, `scenarios` and `sources` touch the machine;
the rest is pure, and what is right of `record` can be repeated offline.

The public API is `harness.model`, `harness.observe.observe`, `harness.run.session`
and the record format, whose JSON Schema is `harness/record.schema.json`.
"""

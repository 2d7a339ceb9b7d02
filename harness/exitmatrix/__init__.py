"""When a process ends this way, does my clean-up run?

The packages stand in the order of the data flow; none imports a later one:

    model/      the words as frozen data
    declare/    what there is to measure: programs, terminations, stacks, pins
    plan/       axes -> cells, and how many trials each takes
    machine/    the one package that touches the machine: interpreters, environments,
                scenarios, run/ (guardian, engine, trial), store/ (records on disk)
    observe/    the history of a trial -> its outcome and its timeline
    judge/      the laws, what they allow, and verdicts
    claims/     what was published, and what would have to be seen
    report/     records and verdicts -> text; reproducer/ makes a cell a program of its own
    cli/        the commands

    inside/     runs in the observed programs, on Python 2.7 and 3.6 up; imported by no stage

What is right of the record is pure and can be repeated offline.

The public API is `exitmatrix.model`, `exitmatrix.observe`, `exitmatrix.machine.run.session`
and the record format, whose JSON Schema is `record.schema.json`.
"""

"""Start programs, end them, follow every process to its end, leave nothing.

session.py     the harness's side: orders out, trials in, a lost engine is replaced
connection.py  one engine and the pipes to it; messages.py: what goes through them, lines.py: how
guardian.py    outlives the harness and kills what is left
grounds.py     a run's folder, its lock, and the end of what nobody guards any more
reaper.py      ends everything below a process
engine.py      runs many trials at once, in a process of its own; live.py: one, to be watched

trial.py       one trial, from start to end, in four stages:
readiness.py     wait until the program is ready
delivery.py      deliver the termination
settling.py      wait until all have ended or have shown that they live
inspection.py    ask what became of the data
state.py       what the stages share: one trial while it runs
host.py        what the trials of one engine share

spawn.py       a program in a known state: folder, environment, dispositions
channel.py     what the processes tell, and what they print
journal.py     the history while it is being written
gates.py       where processes hold until they are let go
processes.py   who is watched, who lives
leftovers.py   shared memory that nobody removed
http.py        what a client sees
kernel/        what the kernel tells: pidfds, wait statuses, /proc, marks
"""

"""Start programs, end them, follow every process to its end, leave nothing.

session.py    the harness's side: orders out, trials in
guardian.py   outlives the harness and kills what is left
engine.py     runs many trials at once, in a process of its own
trial.py      one trial: its stages and its history
spawn.py      a program in a known state: folder, environment, dispositions
channel.py    what the processes tell
kernel.py     what the kernel tells: pidfd, wait status, descendants
facilities.py what the kernel may lack, and how to switch it off
http.py       what a client sees
reaper.py     end everything below this process
"""

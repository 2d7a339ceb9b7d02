"""A user's own command: start it as the user does, end it, see what becomes of it.

session.py     the harness's side: specs out, trials in
engine.py      runs them, in a process of its own
trial.py       one run: its stages
state.py       what is known of a run while it goes on
looking.py     the tree and its sockets, as /proc shows them
accepting.py   whether a process waits for connections
readiness.py   when it is ready to be ended
delivery.py    the signals of a situation
rights.py      what a program may use that becomes another user
waiting.py     who is left while the grace period goes by
leftovers.py   what was not there before
restoring.py   what one run left is put aside for the next
folder_lock.py whether another `exitmatrix run` is at work in the same folder
"""

"""The kernel's witness: which processes there are, and how each one ended. Linux alone.

facilities.py     what the kernel may lack, and how to switch it off
prctl.py          what a process asks for itself: subreaper, parent-death signal
proc.py           what /proc shows: parents, children, state, command line
marks.py          a number that every descendant of a trial bears
pidfd.py          one process, held by a descriptor: signals, its wait status
exit_watch.py     the ends of many processes at once
selector.py       what an event loop waits with, and what it reads meanwhile
wait_status.py    wait statuses in words
dispositions.py   which signals can be reset, and which are ignored
shared_memory.py  names in /dev/shm, and who has them mapped
"""

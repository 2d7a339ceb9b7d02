"""What tests share.

values.py     values made by hand, each field by its name
background.py a background job, with what it ignores
running.py    a harness of its own that can be killed, and what is left
histories.py  histories of trials, told event by event; outcomes with handlers of one letter
command.py    the command as a person or a script calls it
committed.py  what is committed, read once
recorded.py   cells that were measured here, and ways to change what is on record of them
"""

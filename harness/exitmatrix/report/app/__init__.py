"""What `exitmatrix run` prints: pure functions from what was seen to lines of 80 columns.

page.py      the whole of it
endings.py   the table of endings
story.py     what happened in an ending, in order, and why
words.py     names, times and lists
"""

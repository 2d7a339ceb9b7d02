"""A cell as a program of its own, which shows without the harness what the matrix says. Pure.

statements.py  what a termination does, as statements: from the endings' source
rewrite.py     a scenario as a program without the harness's header and calls
printing.py    what a program prints with, where print is not enough
driver.py      what starts it again and ends it, where it does not end by itself
summary.py     an outcome in words
program.py     the whole file, for Python 2.7 and 3.6 up: how to run it, what was measured,
               the driver if it needs one, the program
"""

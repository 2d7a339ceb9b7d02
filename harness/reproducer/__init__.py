"""A cell as a program of its own, which shows without the harness what the matrix says. Pure.

ways.py      what a termination does, as statements: from the endings' source
subject.py   a scenario as the program to observe, without the harness's header and calls
shown.py     an outcome as the lines that such a program prints
program.py   the whole file: why, the subject, and the parts that the cell needs
parts/       what it is made of: files for Python 2.7 and 3.6 up
"""

"""The site: the same answers as reports/matrix.md, as pages that link to each other. Pure.

content.py   what it is made of
family.py    a page for each way to end a scenario: c/SCENARIO/TERMINATION@TARGET/
launched.py  a page for each program below a launcher: c/SCENARIO/LAUNCHER/
laws.py      every law with its source
front.py     the first page: four choices and the answer
panel.py     what the panel of the first page tells of an answer
questions.py a page for each question that people ask
races.py     the cells that differ from run to run
own.py       the site of a user's own program
answers.py   all short answers, as data for the script
shell.py     the frame of every page
pages.py     every file of the site, by its path
assets/      style and script, copied as they are
"""

"""From saved files to what people read. Pure.

document.py    a report as data: sections, tables, lists, and the words in them
survey.py      one question put to every subject, and who agrees with whom
compare.py     two sets of records, and what differs
phrases.py, sentences.py, timeline.py, labels.py    an outcome in words
sections/      the parts of pages; pages/ puts them together
render/        a document as Markdown, as text for a terminal, as HTML
site/          every answer as a page
by_hand.py     a cell as shell commands; reproducer/ as a program of its own
live.py        a trial told while it runs
"""

"""Observations on disk: written as each cell ends, and the same bytes when nothing changed.

    OUTPUT/observations/<platform>/<interpreter id>.jsonl   a record a line, sorted by cell
    OUTPUT/timelines/<platform>/<interpreter id>.jsonl      one timeline per distinct outcome
    CACHE/runs/<name of OUTPUT>/<interpreter id>.jsonl      how many trials each cell has had
    CACHE/runs/<name of OUTPUT>/next                        the number of the run that is not whole
    CACHE/trials/<name of OUTPUT>/<interpreter id>.jsonl    the raw trials of the latest run

A record that is new or changed is appended at once, as one line in one write, so
that no later failure can lose it; of two lines for one cell the later holds, and
a last line that was torn by a kill is left out, and removed by the next append.
`close` sorts the files that changed. One store at a time has an output folder:
while it is open it holds a lock on it.

    files.py     files of lines, and a lock
    sharing.py   records in memory, that have their equal parts in common
    records.py   records and timelines as they are on disk
    store.py     what a run knows of them, and adds
"""

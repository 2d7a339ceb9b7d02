"""Isolated environments, each for an interpreter and a stack.

`prepare` builds what is missing and gives back what can be started. An environment holds the
interpreter, the packages of one stack with their bytecode, and nothing else: no pip, no import
hooks. The folders that are injected into observed programs are copied and compiled once for
each interpreter, beside its environments, so that a changed probe rebuilds no environment.

    CACHE/environments/INTERPRETER/STACK-DIGEST/     bin/python, the packages, the stamp
    CACHE/environments/INTERPRETER/inside-DIGEST/    probe/, endings/, the stamp
    CACHE/uv/                                        what was downloaded and built

Each is built under another name and published by one rename, under a lock whose owner's death
frees it; the stamp lists every file, so what is damaged or half there is built again.

    cache.py        where all this is, and whether others may write there
    prepare.py      what is missing is built, by several at once
    replacements.py what a user names that is installed instead of what is pinned
    build.py        an environment, and the injected folders, from nothing
    installer.py    runs uv and the interpreters, and says why they failed
    published.py    folders that are whole or not there
"""

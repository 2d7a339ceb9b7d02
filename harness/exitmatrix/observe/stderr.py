"""What a program wrote to stderr, without what differs between two runs of the same thing.

For comparing a run with the probe against a blind one, and for quoting.
"""

from __future__ import annotations

import re

# A frame of the probe or its channel in a traceback, of a handler that tells of
# itself, or of the line in which a program waits (a signal may arrive a line before
# or after); its source line; and the markers that 3.11 and later put below that.
PROBE_FRAME = re.compile(
    r'^ *File "[^"]*(?:exitmatrix_(?:probe|channel)\.py", line \d+, in .*'
    r'|endings\.py", line \d+, in (?:hold|_read_again|told))\n'
    r"(?:^ {4,}\S.*\n)?"
    r"(?:^ +[~^]+ *\n)?",
    re.MULTILINE,
)
# A server's log of being asked for a sign of life: how often is the harness's matter.
SIGN_OF_LIFE = re.compile(
    r'^127\.0\.0\.1 - - \[[^]]*\] "(?:\x1b\[[\d;]*m)*GET / .*\n', re.MULTILINE
)
DIFFERENT = (
    (re.compile(r"/\S*/exitmatrix-\w+/\d+/"), "<trial>/"),
    (re.compile(r"0x[0-9a-fA-F]{4,}"), "0x<address>"),
    (re.compile(r"(Thread |thread )0x<address>"), r"\1<thread>"),
    (re.compile(r"(http://127\.0\.0\.1:)\d+"), r"\1<port>"),
    (re.compile(r"\[\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d\]"), "[<time>]"),
    (re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]"), "[<time>]"),
    (re.compile(r"(Debugger PIN: )[\d-]+"), r"\1<pin>"),
    (re.compile(r"([Pp]rocess |\bpid=)\d+"), r"\1<pid>"),
    (re.compile(r"'/(mp|psm)[-_]\w+'"), r"'/\1-<random>'"),  # multiprocessing's shared memory
)


def normalise(text: str) -> str:
    """Take out probe frames, signs of life, trial folders, addresses, times, ports and pids."""
    text = SIGN_OF_LIFE.sub("", PROBE_FRAME.sub("", text))
    for pattern, word in DIFFERENT:
        text = pattern.sub(word, text)
    return text


def stderr_lines(text: str) -> tuple[str, ...]:
    """What was printed, line by line, without the frames of tracebacks.

    Frames are indented: where code lies and how a line of it is underlined is another
    matter than which exceptions are told of, in which words and in which order.
    """
    return tuple(line for line in normalise(text).splitlines() if line[:1].strip())

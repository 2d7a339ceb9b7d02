"""Laws of telling what was printed: which lines of stderr are the program's word."""

from __future__ import annotations

from exitmatrix.observe.stderr import normalise, stderr_lines
from hypothesis import given
from hypothesis import strategies as st

TOLD = """\
Exception ignored in atexit callback <function C at 0x7f3618dc1440>:
Traceback (most recent call last):
  File "/x/probe/exitmatrix_probe.py", line 28, in __call__
    result = self.func(*args, **kwargs)
             ~~~~~~~~~^^^^^^^^^^^^^^^^^
  File "/tmp/exitmatrix-a8w6du7l/4/cwd/app.py", line 39, in C
    raise ValueError("C failed")
ValueError: C failed

WARNING clean-up: B failed
"""


def test_lines_are_told_without_frames() -> None:
    """Headings, exceptions and log lines stay, in their order; where code lies does not."""
    assert stderr_lines(TOLD) == (
        "Exception ignored in atexit callback <function C at 0x<address>>:",
        "Traceback (most recent call last):",
        "ValueError: C failed",
        "WARNING clean-up: B failed",
    )


def test_a_pid_in_a_sentence_of_the_library_is_taken_out() -> None:
    """CPython 3.15 says which process of a pool ended (concurrent.futures.process)."""
    text = "Process 2727 terminated abruptly with exit code -15\n"
    assert stderr_lines(text) == ("Process <pid> terminated abruptly with exit code -15",)


def test_a_handler_that_tells_of_itself_leaves_no_trace() -> None:
    """The frame of what `endings.tells` wraps around a handler is taken out with its source."""
    text = (
        "Traceback (most recent call last):\n"
        '  File "/e/endings.py", line 80, in told\n'
        "    result = function(*args, **kwargs)\n"
        "             ^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "SystemExit: 0\n"
    )
    assert normalise(text) == "Traceback (most recent call last):\nSystemExit: 0\n"


@given(st.lists(st.from_regex(r"[A-Za-z][a-z ]{0,20}[a-z]", fullmatch=True)))
def test_lines_without_indentation_all_stay(lines: list[str]) -> None:
    """What is no frame and holds nothing random is told as it was written."""
    assert stderr_lines("".join(f"{line}\n" for line in lines)) == tuple(lines)

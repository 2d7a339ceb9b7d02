"""The Pythons of this machine.

places.py      where Pythons are installed, and what the caller named
origin.py      from a virtual environment to the Python that it was made from
ask.py         asks a binary what it is
answer.py      what it answered, and the interpreter that it is
find.py        all of it, as `found.py` has it: what there is, and what was left and why
selection.py   the words by which an interpreter is chosen
"""

from exitmatrix.machine.interpreters.answer import SelfReport, interpreters_in_order, read_answer
from exitmatrix.machine.interpreters.find import find
from exitmatrix.machine.interpreters.found import Found, NamedPython, Rejected, Shadowed
from exitmatrix.machine.interpreters.selection import NoSuchInterpreterError, is_path, select

__all__ = [
    "Found",
    "NamedPython",
    "NoSuchInterpreterError",
    "Rejected",
    "SelfReport",
    "Shadowed",
    "find",
    "interpreters_in_order",
    "is_path",
    "read_answer",
    "select",
]

"""The words of the project as frozen data.

Every stage takes values of these types and gives values of these types; nothing
here touches the machine. The vocabulary is that of the README's glossary.
"""

from exitmatrix.model.base import FORMAT, Frozen
from exitmatrix.model.cell import Cell, CellId, Ending, Question, Side, Skipped
from exitmatrix.model.outcome import Outcome, PortState, Process, StdoutFate, Unknown
from exitmatrix.model.record import Record
from exitmatrix.model.subject import (
    DataState,
    Delivery,
    ImplementationName,
    Interpreter,
    Program,
    Ready,
    Scenario,
    Sources,
    Stack,
    Start,
    Termination,
)
from exitmatrix.model.trial import Event, Source, Steering, Timeline, Trial, TrialSpec
from exitmatrix.model.verdict import Judgement, Prediction, Verdict, VerdictWord

__all__ = [
    "FORMAT",
    "Cell",
    "CellId",
    "DataState",
    "Delivery",
    "Ending",
    "Event",
    "Frozen",
    "ImplementationName",
    "Interpreter",
    "Judgement",
    "Outcome",
    "PortState",
    "Prediction",
    "Process",
    "Program",
    "Question",
    "Ready",
    "Record",
    "Scenario",
    "Side",
    "Skipped",
    "Source",
    "Sources",
    "Stack",
    "Start",
    "StdoutFate",
    "Steering",
    "Termination",
    "Timeline",
    "Trial",
    "TrialSpec",
    "Unknown",
    "Verdict",
    "VerdictWord",
]

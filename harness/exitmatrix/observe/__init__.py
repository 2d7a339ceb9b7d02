"""From the history of a trial to its outcome. Pure.

history.py    events -> what is known of each process
roles.py      processes -> roles
checks.py     why a trial is unknown
outcome.py    what it showed
blind.py      what a run without the probe shows beside it
timeline.py   who did what after what
stderr.py     stderr without what differs between two runs
"""

from exitmatrix.observe.outcome import observe
from exitmatrix.observe.timeline import timeline

__all__ = ["observe", "timeline"]

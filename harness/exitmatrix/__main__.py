"""The command by its module: `python -m exitmatrix`."""

from exitmatrix.cli.entry import entry

entry()

"""The command by its module: `python -m exitmatrix`."""

from exitmatrix.cli.main import entry

entry()

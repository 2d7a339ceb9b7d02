"""What the installed script `uwsgi` does."""

import sys

from pyuwsgi import run

sys.exit(run())

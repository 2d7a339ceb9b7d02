"""What the installed script `uwsgi` does, and where uWSGI finds itself when it starts anew.

A uWSGI that is a program of its own finds itself there; the module of Python finds the Python that
an environment was made of, which has no uWSGI.
"""

import sys

from pyuwsgi import run

sys.argv[1:1] = ["--binary-path", sys.executable]
sys.exit(run())

"""What the installed script `celery` does."""

import sys

from celery.__main__ import main

sys.exit(main())

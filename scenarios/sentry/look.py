"""Says whether the collector was given the event."""
from __future__ import print_function

import os

print("last event:", "kept" if os.path.exists("event") else "lost")

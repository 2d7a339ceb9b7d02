"""Says whether the fixture's file is there, and the report."""
from __future__ import print_function

import os

print("file of the fixture:", "left behind" if os.path.exists("service.pid") else "removed")
print("report of the tests:", "kept" if os.path.exists("report.xml") else "lost")

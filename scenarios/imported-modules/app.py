# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Three modules that register their clean-up when they are imported"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# ///
"""`app` imports `server`, which imports `database`, which imports `settings`. Each
module registers one handler while it is imported: A is that of the settings, B that
of the database, C that of the server.

For the claim that modules are cleaned up in the reverse of the order in which they
were imported (M3). The documentation promises the reverse of the order of
registration, under the assumption that lower level modules will normally be imported
before higher level modules and thus must be cleaned up later.
"""
from __future__ import print_function

import sys

import endings
import server

server.start()
print("ready")
sys.stdout.flush()
endings.end_here()

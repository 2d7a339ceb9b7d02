"""Run many small programs bare: nothing injected, one start of a Python for each run.

`session.Session` is the harness's side; the engine runs in a process of its own, under
the guardian that also guards trials, so that nothing is left however the harness ends.
"""

"""Observes from inside: what looks at other mechanisms than `atexit`, for who asks for them.

The matrix asks for none, and none of these files is read then.
"""
from exitmatrix_probe import MECHANISMS, PYTHON_2, watchers


def watch():
    """Look at what is asked for. Now: soon the folder of these files is no longer on the path."""
    if "signal" in MECHANISMS:
        import exitmatrix_signals

        exitmatrix_signals.watch()
    if "finalize" in MECHANISMS and not PYTHON_2:
        import exitmatrix_finalizers

        watchers["weakref:finalize._exitfunc"] = exitmatrix_finalizers.watch
    if "multiprocessing" in MECHANISMS or "threading" in MECHANISMS:
        import exitmatrix_exits

        if "multiprocessing" in MECHANISMS:
            watchers["multiprocessing.util:_exit_function"] = exitmatrix_exits.watch_finalizers
        if "threading" in MECHANISMS:
            exitmatrix_exits.watch_threads()
    if "lifespan" in MECHANISMS and not PYTHON_2:
        import exitmatrix_lifespan

        exitmatrix_lifespan.watch()
    if "hooks" in MECHANISMS and not PYTHON_2:
        import exitmatrix_hooks

        exitmatrix_hooks.watch()
    if ("lifespan" in MECHANISMS or "hooks" in MECHANISMS) and not PYTHON_2:
        import _imp  # built in, and importing it has no effect

        import exitmatrix_loading

        exitmatrix_loading.watch(_imp)

"""Brings the probe into a process, then lets the environment's own sitecustomize run."""
import os
import sys


def _chain():
    """Import the `sitecustomize` that this one hides, if there is one."""
    here = os.path.dirname(__file__)  # as it stands in the path: `site` has made all absolute
    own = sys.modules.pop("sitecustomize", None)
    # For good: the program's path is then what it is without the probe, and what
    # the other one does to the path stays done.
    # A new list: 3.7 gives a subinterpreter what the first one holds by then, and
    # it would not come here (_PyMainInterpreterConfig, module_search_path).
    sys.path = [folder for folder in sys.path if folder != here]
    try:
        import sitecustomize  # noqa: F401
    except ImportError:
        sys.modules["sitecustomize"] = own


if "EXITMATRIX_CHANNEL" in os.environ:
    import exitmatrix_probe

    exitmatrix_probe.begin()
    if exitmatrix_probe.MECHANISMS:
        import exitmatrix_mechanisms

        exitmatrix_mechanisms.watch()
_chain()

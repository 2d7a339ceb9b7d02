"""What a binary says of itself, and the interpreter that it is. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from packaging.version import Version

from exitmatrix.model import Frozen, Interpreter

# Only modules that are built in or frozen are imported, so that a broken library folder is
# reported by its own message and a start costs no more than it must. The executable goes over
# as hex: it is bytes on 2.7, and need not be encodable on any version.
#
# Flags are those of sys.abiflags (PEP 3149; "t" since 3.13). 2.7 has none: a debug build is
# then told by gettotalrefcount, which the documentation of sys ties to such builds.
# sys._git is (name, branch or tag, revision) since 2.7.14 and 3.6 (Modules/getbuildinfo.c);
# what was built from a release's archive has no revision, patched or not, and what was built in a
# checkout at a release's tag ("=") is that release, unless files had been changed ("-dirty",
# git-describe(1)).
PROBE = """
import sys
v = sys.version_info
if '__pypy__' in sys.builtin_module_names: name = 'pypy'
elif hasattr(sys, 'implementation'): name = sys.implementation.name
else: name = getattr(sys, 'subversion', (sys.platform,))[0].lower()
def dotted(v):
    return '%d.%d.%d' % tuple(v[:3]) + {'alpha': 'a', 'beta': 'b', 'candidate': 'rc',
        'final': ''}[v[3]] + ('' if v[3] == 'final' else str(v[4]))
own = dotted(sys.pypy_version_info) if name == 'pypy' else '-'
abi = getattr(sys, 'abiflags', '')
flags = 't' * ('t' in abi) + 'd' * ('d' in abi or hasattr(sys, 'gettotalrefcount'))
tag, revision = getattr(sys, '_git', ('', '', ''))[1:3]
if name == 'pypy': revision = ''
elif tag.split('/')[-1] == 'v' + dotted(v): revision = '='
elif revision and tag.endswith('-dirty'): revision += '.dirty'
path = getattr(sys, '_base_executable', None) or sys.executable or ''
if v[0] > 2: path = path.encode(sys.getfilesystemencoding(), 'surrogateescape')
path = ''.join('%02x' % byte for byte in bytearray(path))
print(' '.join(['exitmatrix:', name, dotted(v), own, flags or '-', revision or '-', path or '-']))
"""
_ANSWER = re.compile(
    # Nothing that could lead out of a folder: an id becomes a file's name.
    r"^exitmatrix: (\w+) (\d+\.\d+\.\d+\w*) (\d+\.\d+\.\d+\w*|-) (t?d?|-)"
    r" ([0-9a-z]+(?:\.dirty)?|[-=]) ([0-9a-f]+|-)$",
    re.MULTILINE | re.ASCII,
)
_DIGITS = 9
"""So many of a revision's digits are shown, as git does for a repository of CPython's size."""


class SelfReport(Frozen, kw_only=True):
    """What a binary said of itself when it was asked."""

    implementation: str
    version: str
    own_version: str
    free_threaded: bool
    debug: bool
    revision: str  # of the checkout that it was built in; "" for a release
    tagged: bool = False  # whether that was a checkout at the release's tag, unchanged
    executable: str


def read_answer(output: str) -> SelfReport | None:
    """Read the line that the probe prints; None where there is none."""
    if not (match := _ANSWER.search(output)):
        return None
    implementation, version, own, flags, revision, path = match.groups()
    return SelfReport(
        implementation=implementation,
        version=version,
        own_version="" if own == "-" else own,
        free_threaded="t" in flags,
        debug="d" in flags,
        revision="" if revision in ("-", "=") else revision,
        tagged=revision == "=",
        executable="" if path == "-" else os.fsdecode(bytes.fromhex(path)),
    )


def unsupported(answer: SelfReport) -> str | None:
    """Say why a Python cannot be measured, or None if it can."""
    if answer.implementation == "pypy":
        return None
    if answer.implementation != "cpython":
        return f"{answer.implementation} is not supported: CPython and PyPy are"
    language = Version(answer.version).release[:2]
    if language == (2, 7) or language >= (3, 6):
        return None
    return f"CPython {answer.version} is not supported: 2.7 and 3.6 up are"


def interpreter(answer: SelfReport, path: str) -> Interpreter:
    """Name the Python that gave this answer and is started by `path`."""
    if answer.implementation == "pypy":
        return Interpreter(
            id=f"pypy-{answer.version}-{answer.own_version}",
            implementation="pypy",
            version=answer.version,
            implementation_version=answer.own_version,
            path=path,
        )
    revision, _, dirty = answer.revision.partition(".")
    build = ".".join(filter(None, [revision and f"g{revision[:_DIGITS]}", dirty]))
    flags = "t" * answer.free_threaded + "d" * answer.debug
    return Interpreter(
        id=f"cpython-{answer.version}{flags}",
        implementation="cpython",
        version=answer.version,
        free_threaded=answer.free_threaded,
        debug=answer.debug,
        path=path,
    ).built(build)


def interpreters_in_order(interpreters: Sequence[Interpreter]) -> tuple[Interpreter, ...]:
    """CPython by version, its other builds after the usual one; then PyPy."""
    return tuple(
        sorted(
            interpreters,
            key=lambda each: (
                each.implementation,
                Version(each.version),
                each.free_threaded,
                each.debug,
                each.build,
                Version(each.implementation_version or "0"),
            ),
        )
    )

"""Find the Pythons of this machine: each binary is asked once what it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec.structs import replace

from exitmatrix.machine.interpreters.answer import interpreter, interpreters_in_order, unsupported
from exitmatrix.machine.interpreters.ask import ask
from exitmatrix.machine.interpreters.found import Found, NamedPython, Rejected, Shadowed
from exitmatrix.machine.interpreters.origin import base_interpreter
from exitmatrix.machine.interpreters.places import Candidate, candidates, exists, is_folder
from exitmatrix.model import Frozen, Interpreter


class _Identified(Frozen, kw_only=True):
    interpreter: Interpreter
    executable: str  # the real file that answered: two names of one file are one interpreter
    tagged: bool = False  # whether it tells that it was built in a checkout at the release's tag


def find(named: Sequence[str] = ()) -> Found:
    """Find every Python of this machine that can be measured.

    Of `named`, the paths (to a binary, or to a folder with bin/python) are looked at first;
    then come EXITMATRIX_PYTHONS, pyenv, uv, the system's folders and PATH. Ids and patterns in
    `named` are left to `select`. A binary that cannot be used is in `rejected`; nothing raises.

    What the caller names by a path and is not this machine's own Python of that id has a build
    in its id: a patched copy of a release says of itself what the release says.
    """
    looked = [(candidate, _binary_of(candidate)) for candidate in candidates(named)]
    binaries: dict[str, str] = {}  # real path -> the path to start it by
    for _, binary in looked:
        if isinstance(binary, str):
            binaries.setdefault(os.path.realpath(binary), binary)
    with ThreadPoolExecutor(max_workers=max(4, os.cpu_count() or 1)) as pool:
        answers = dict(zip(binaries, pool.map(_identify, binaries.values()), strict=True))

    def answer(binary: str | Rejected) -> _Identified | Rejected:
        return binary if isinstance(binary, Rejected) else answers[os.path.realpath(binary)]

    identified = [(candidate, answer(binary)) for candidate, binary in looked]
    owners = _owners(identified)
    used: dict[str, _Identified] = {}
    shadowed: dict[str, Shadowed] = {}
    rejected: dict[str, Rejected] = {}
    meant: list[NamedPython] = []
    for candidate, result in identified:
        if isinstance(result, Rejected):
            rejected.setdefault(result.path, result)
            if candidate.name:
                meant.append(NamedPython(name=candidate.name, reason=result.reason))
            continue
        one = result.interpreter
        if candidate.name:
            if owners.get(one.id) != result.executable:
                one = one.built(_build_of(result))
            one = replace(one, named=candidate.name)
            meant.append(NamedPython(name=candidate.name, id=one.id))
        first = used.setdefault(one.id, replace(result, interpreter=one))
        if first.executable != result.executable and result.executable not in _builds(used):
            left = Shadowed(id=one.id, path=first.interpreter.path, left=one.path)
            shadowed.setdefault(result.executable, left)
    return Found(
        interpreters=interpreters_in_order([each.interpreter for each in used.values()]),
        rejected=tuple(rejected.values()),
        shadowed=tuple(shadowed.values()),
        named=tuple(meant),
    )


def _owners(identified: Iterable[tuple[Candidate, _Identified | Rejected]]) -> dict[str, str]:
    """By id, the file that bears it without a build: this machine's own Python of that id.

    Where the machine has none, it is what was named and built in a checkout, at the release's
    tag or with a revision in its id, if that is one file. Of what was built from an archive
    nobody can say what was changed in it before.
    """
    own: dict[str, str] = {}
    named: dict[str, set[str]] = {}
    for candidate, result in identified:
        if isinstance(result, _Identified):
            id = result.interpreter.id
            if not candidate.name:
                own.setdefault(id, result.executable)
            elif result.tagged or result.interpreter.build:
                named.setdefault(id, set()).add(result.executable)
    return {id: min(files) for id, files in named.items() if len(files) == 1} | own


def _build_of(one: _Identified) -> str:
    """A name for a build that has none: by its place, so that it keeps it when it is built anew."""
    digest = hashlib.sha256(os.fsencode(one.executable)).hexdigest()[:8]
    return ".".join(filter(None, [one.interpreter.build, f"p{digest}"]))


def _builds(used: dict[str, _Identified]) -> set[str]:
    """The files of those that were named and have a build of their own."""
    return {each.executable for each in used.values() if each.interpreter.named}


def _binary_of(candidate: Candidate) -> str | Rejected:
    """The binary to ask for a candidate, or why there is none."""
    path = candidate.path
    if is_folder(Path(path)):
        return Rejected(path=path, reason="is a folder without bin/python")
    if not exists(path):
        reason = "is a link to nothing" if os.path.lexists(path) else "does not exist"
        return Rejected(path=path, reason=reason)
    base = base_interpreter(path)
    if base is None:
        return Rejected(path=path, reason="is a virtual environment whose base is gone")
    if not os.access(base, os.X_OK):
        return Rejected(path=path, reason="is not executable")
    return base


def _identify(path: str) -> _Identified | Rejected:
    answer = ask(path)
    reason = answer if isinstance(answer, str) else unsupported(answer)
    if isinstance(answer, str) or reason is not None:
        return Rejected(path=path, reason=reason or "")
    executable = os.path.realpath(answer.executable or path)
    # A wrapper script answers with the binary that it starts. What a shim starts depends on
    # the folder it is called in, so the binary is used in its place.
    if "shims" in Path(path).parts and exists(executable):
        path = answer.executable
    return _Identified(
        interpreter=interpreter(answer, path), executable=executable, tagged=answer.tagged
    )

"""Which launchers, and which programs that scenarios start, can be had on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from functools import cache
from importlib.util import find_spec

from exitmatrix.declare.launchers import COMMAND, LAUNCHERS, MODULE, SCRIPT
from exitmatrix.declare.services import PACKAGES
from exitmatrix.machine.bundles import BUILDER
from exitmatrix.model.launcher import Launcher

PATH = f"{sysconfig.get_path('scripts')}:/usr/local/bin:/usr/bin:/bin"
"""Where they are looked for. Those of Python's index come with the harness's own environment,
pinned; that of a scenario holds none, since it would be another stack with them."""


def found(program: str) -> str:
    """Where the program of a launcher is; the word itself, where it is none of these."""
    return shutil.which(program, path=PATH) or program


@cache
def missing() -> dict[str, str]:
    """Why a launcher cannot be had here, by its id."""
    reasons = {one.id: _reason(one) for one in LAUNCHERS}
    return {id: reason for id, reason in reasons.items() if reason}


@cache
def lacking() -> dict[str, str]:
    """Why a program that scenarios start cannot be had here, by its name."""
    reasons = {program: _installed(program, package) for program, package in PACKAGES.items()}
    return {program: reason for program, reason in reasons.items() if reason}


def _installed(program: str, package: str) -> str:
    if shutil.which(program, path=PATH) is None:
        return f"{program} is not installed; the package {package} has it"
    return ""


def _reason(launcher: Launcher) -> str:
    if launcher.builds:
        if find_spec(BUILDER):  # it asks this program which libraries a file needs
            return _installed("objdump", "binutils")
        return f"{BUILDER} is not installed; the package {launcher.package} has it"
    program = launcher.words[0]
    if program in (COMMAND, MODULE, SCRIPT):
        return ""
    if reason := _installed(program, launcher.package):
        return reason
    if launcher.namespace and not _may_make_namespaces(launcher):
        return "this user may not make a PID namespace (CAP_SYS_ADMIN)"
    return ""


def _may_make_namespaces(launcher: Launcher) -> bool:
    words = [word for word in launcher.words if word != COMMAND]
    tried = subprocess.run(
        [*words, "true"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return tried.returncode == 0

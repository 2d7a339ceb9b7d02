"""What a user asks `run` to do: parsed from the options, or refused in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta

from exitmatrix.cli.errors import USAGE_ERROR, Failure
from exitmatrix.declare import launchers, situations, texts
from exitmatrix.declare.settings import MOST_TRIALS
from exitmatrix.machine.run.app import session
from exitmatrix.model.app import AppSpec, Situation
from exitmatrix.model.base import Frozen


class Invocation(Frozen, kw_only=True):
    """What a user asks for: the command, and how it is started and ended."""

    command: tuple[str, ...]
    ready: str = "auto"
    ready_within: str = "30s"
    launcher: str = "direct"
    grace: str = "30s"
    at: str = ""
    trials: Annotated[int, Meta(ge=1, le=MOST_TRIALS)] = 3
    blind: bool = True  # whether a run without the probe is made
    jobs: int = 0  # 0: as many as there are cores, and one more
    roles: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    request: str = ""
    env: Mapping[str, str] = {}
    clean_env: bool = False
    inherit_coverage: bool = False  # whether the caller's coverage is measured in it too
    before: tuple[str, ...] = ()  # a command that is run once, first
    before_each: tuple[str, ...] = ()  # a command that is run before each run
    folder: str = ""  # where it is started; "": where the caller is
    keep: str = ""  # a folder for a copy of what each run has in its own
    patient: bool = False  # whether each run is watched for the whole grace period


def find_situations(names: Sequence[str]) -> list[Situation]:
    """The situations with these names. Raises Failure."""
    try:
        return [situations.find_situation(name) for name in names]
    except situations.NoSuchSituation as error:
        raise Failure(str(error), USAGE_ERROR) from error


def read_call(call: Invocation) -> AppSpec:
    """Parse the options into a spec that has no ending yet. Raises Failure."""
    try:
        ready = texts.readiness(call.ready, texts.time_given(call.ready_within))
        grace = texts.time_given(call.grace)
        how = launchers.find_launcher(call.launcher)
        roles = dict(texts.role(one) for one in call.roles)
        addresses = tuple(texts.address(one) for one in call.addresses)
        request = texts.request(call.request)
        words, script = launchers.wrap(how, call.command)
        texts.for_the_kernel(call.command, call.env)
    except (texts.CannotRead, launchers.NoSuchLauncher, launchers.CannotLaunch) as error:
        raise Failure(str(error), USAGE_ERROR) from error
    environment = session.callers_environment(
        call.env, clean=call.clean_env, coverage=call.inherit_coverage
    )
    folder = call.folder or session.working_folder()
    if not session.is_folder(folder, ""):
        raise Failure(f"{folder}: no such folder", USAGE_ERROR)
    for word in dict.fromkeys((call.command[0], words[0])):
        if word != launchers.SCRIPT_PATH and not session.find_command(word, environment, folder):
            why = session.why_no_command(word, folder)
            if word == call.command[0]:
                has = texts.hint_of_command(call.command, session.programs(environment))
            else:
                has = f"; the package {how.package} has it" if word == how.words[0] else ""
            raise Failure(f"{word or repr(word)}: {why}{has}", USAGE_ERROR)
    for one in call.folders:
        if not session.is_folder(one, folder):
            raise Failure(f"--look-in {one}: no such folder", USAGE_ERROR)
    return AppSpec(
        id="",
        words=words,
        script=script,
        terminal=how.terminal,
        namespace=how.namespace,
        starter=how.starter,
        folder=folder,
        environment=environment,
        situation=situations.SITUATIONS[0],
        target="",
        ready=ready,
        inside=session.PROBE,
        mechanisms=session.MECHANISMS,
        grace=grace,
        roles=roles,
        folders=call.folders,
        addresses=addresses,
        request=request,
    )

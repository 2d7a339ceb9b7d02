"""One run of a user's command while it goes on: what is known of it.

What differs from `TrialState`, the run of a scenario: nothing is copied, the command runs
in the user's folder and environment; no gate and no question is put to its processes, so
that they are watched from outside as long as they live; and every event has its time.
Channel, processes, output, guardian and engine are the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import time
from collections.abc import Mapping, Set
from pathlib import Path

from msgspec.structs import replace

from exitmatrix.machine.run.app import looking
from exitmatrix.machine.run.app.accepting import accepts, can_be_seen
from exitmatrix.machine.run.app.leftovers import RunLeftovers, mark_of
from exitmatrix.machine.run.app.terminal import Terminal
from exitmatrix.machine.run.app.timed import TimedJournal
from exitmatrix.machine.run.channel import Channel, Output
from exitmatrix.machine.run.gates import Gates
from exitmatrix.machine.run.host import Host
from exitmatrix.machine.run.kernel import proc
from exitmatrix.machine.run.processes import INTRODUCES
from exitmatrix.machine.run.running import Running
from exitmatrix.machine.run.spawn import start
from exitmatrix.model import Event
from exitmatrix.model.app import PORT, AppSpec
from exitmatrix.model.node import Node, program_name
from exitmatrix.model.tree import Tree


class AppState(Running[TimedJournal]):
    """The folder, the channel, the output and the processes of one run. Raises OSError."""

    def __init__(self, spec: AppSpec, host: Host, name: str, mark: int) -> None:
        self.spec = spec
        super().__init__(host, mark, TimedJournal(), spec.steering, spec.limit)
        self.port = free_port() if _wants_port(spec) else 0
        self.nodes: dict[int, Node] = {}
        self.stacks: dict[int, int] = {}
        self._words: tuple[str, ...] = ()  # of the command
        self._file = ""  # to which they lead
        self._observed: dict[int, int] = {}  # of who spoke, where the stack of its program began
        self._first_looks: dict[int, float] = {}  # at those that are copies of their parents
        self._looked = -spec.look_again  # when at the tree, in seconds
        self._moments: dict[int, looking.RunsNow] = {}  # what each ran then
        self.sockets: dict[int, looking.Listening] = {}  # that the tree holds, by inode
        self.listening: tuple[str, ...] = ()  # where, when it was ready
        self.accepting: set[int] = set()  # who came since, and was seen to wait for connections
        self.ready = False
        self.shown = mark_of(self.file_of_ready)  # by a file that was there before
        self.alone = spec.alone
        self.shortened = False  # what is left of the grace period need not be waited for
        self._pids: dict[int, int] = {}  # of a PID namespace, and what they are here
        self.folder = f"{host.folder}/{name}"
        self.temporary = f"{self.folder}/tmp"  # noqa: S108 - in a folder of our own
        os.makedirs(self.temporary, 0o700)  # noqa: PTH103
        with contextlib.ExitStack() as undo:
            undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.leftovers: RunLeftovers = RunLeftovers(
                spec.folder, self.temporary, spec.folders, spec.alone
            )
            self.channel = Channel(f"{self.folder}/channel", self.token)
            undo.callback(self.channel.close)
            self.gates = Gates(self.channel.path)
            undo.callback(self.gates.close)
            self.output: Output = Terminal() if spec.terminal else Output()
            undo.pop_all()
        self.outputs = (self.output,)

    @property
    def file_of_ready(self) -> str:
        """What `--ready 'file PATH'` names."""
        return str(Path(self.spec.folder) / self.spec.ready.what.replace(PORT, str(self.port)))

    def remove_folder(self) -> None:
        """Remove the folder of the run; the user's own stays as the program left it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def has_started(self) -> bool:
        """Whether a launcher that is a program of its own has started the command by now."""
        return not self.spec.starter or any(not one.starter for one in self.nodes.values())

    def start(self) -> None:
        """Start the command. Raises OSError."""
        script = f"{self.folder}/entrypoint"
        if self.spec.script:
            Path(script).write_text(self._filled(self.spec.script), encoding="utf-8")
            Path(script).chmod(0o700)
        words = [self._filled(word).replace("{script}", script) for word in self.spec.words]
        os.chdir(self.spec.folder)
        self.journal.begun = time.monotonic()
        try:
            out = self.output.write_end
            stdin = self.output.name if isinstance(self.output, Terminal) else os.devnull
            where = (out, out, self.mark, stdin)
            found = self._found(words[0])
            self._words, self._file = tuple(words), os.path.realpath(found)
            root = start(found, words, self._environment(), *where)
        finally:
            self.output.close_write_end()
        self.processes.start(root)
        self.update_tree()

    def _found(self, word: str) -> str:
        """Where a command is; execvp(3) looks for it in the same places."""
        return shutil.which(word, path=self.spec.environment.get("PATH", os.defpath)) or word

    def _filled(self, word: str) -> str:
        return word.replace(PORT, str(self.port))

    def _environment(self) -> dict[str, str]:
        """The user's, and what leads a process to the channel."""
        variables = {**self.spec.environment, "TMPDIR": self.temporary}
        variables["EXITMATRIX_TOKEN"] = self.token  # by which orphans are known; nothing reads it
        if not self.spec.blind:
            own = self.spec.path or (f"{self.host.folder}/inside",)
            before = variables.get("PYTHONPATH")
            variables["PYTHONPATH"] = os.pathsep.join([*own, before] if before else own)
            variables["EXITMATRIX_CHANNEL"] = self.channel.path
            if self.spec.mechanisms:
                variables["EXITMATRIX_MECHANISMS"] = " ".join(self.spec.mechanisms)
        return variables

    # ---------------------------------------------------------- what is learnt

    @property
    def tree(self) -> Tree:
        """The processes that were seen until now, with their roles."""
        return Tree(tuple(self.nodes.values()), self.spec.roles)

    def take_events(self, ask: bool = True) -> None:
        """Take what the processes have told, and learn which have ended."""
        ended = self.host.ended(self, ask)
        begun = len(self.journal.events)
        for sent in self.channel.read():
            event = self._as_seen_from_here(sent) if self._is_of_a_namespace(sent) else sent
            if sent.kind == "holding":
                self.gates.hold(sent)  # of a scenario; with the pid by which its gate is called
            self.journal.add(event)
            if event.kind in ("started", "forked"):
                self._observed[event.pid] = looking.place_of_stack(event.pid)
            self.processes.meet(event)
            if event.kind == "holding" and not self.gates.hold(sent):
                self.journal.note("harness", 0, "garbled", "a gate outside the trial")
        for watched in ended:
            if self.processes.take_end(watched, begun):
                self.gates.forget(watched.pid)
                # Who is told of later has ended later: epoll(7) keeps their order.
                begun = self._place_of_end(watched.pid) + 1
        self.journal.changed()

    def _place_of_end(self, pid: int) -> int:
        events = self.journal.events
        ended = ("kernel", pid, "ended")
        return max(i for i, one in enumerate(events) if (one.source, one.pid, one.kind) == ended)

    def _is_of_a_namespace(self, event: Event) -> bool:
        """Whether its pids are those of a PID namespace: the launcher's, or the command's own.

        `unshare --pid --fork python app.py` makes one. There is none if the pid is known here.
        """
        if self.spec.namespace:
            return True
        pid = event.pid
        if pid not in self._pids:
            if not pid or pid in self.processes.watched or pid in self._below():
                return False
            return self._outer(pid) not in (0, pid)
        return self._pids[pid] != pid

    def _has_namespace(self) -> bool:
        return self.spec.namespace or any(one != pid for one, pid in self._pids.items())

    def _below(self) -> tuple[int, ...]:
        return proc.descendants_of(self.processes.root)

    def _as_seen_from_here(self, event: Event) -> Event:
        """An event with the pids that the harness knows: those in a PID namespace are others.

        Whoever was reaped before this is asked is not known any more: then the event is none.
        """
        pid = self._outer(event.pid)
        if not pid:
            return Event("harness", 0, "garbled", ("an event of a process that is gone",))
        detail = event.detail
        if event.kind in ("started", "forked"):
            detail = (str(self._outer(int(detail[0]))), *detail[1:])
        return replace(event, pid=pid, detail=detail)

    def _outer(self, inside: int) -> int:
        if inside not in self._pids:
            for pid in self._below():
                self._pids[looking.pid_inside(pid)] = pid
        return self._pids.get(inside, 0)

    @property
    def text(self) -> str:
        """What was written; a terminal ends its lines in two characters."""
        text = self.output.text.decode("utf-8", "replace")
        return text.replace("\r\n", "\n") if self.spec.terminal else text

    def hang_up(self) -> None:
        """Close the terminal."""
        self.host.readers.forget(self.output.fd)
        self.output.close()

    def update_tree(self) -> None:
        """Look at the tree: who is new, and what each process runs now."""
        self._looked = self.journal.now
        self.take_events()
        self.processes.find_strays()
        if new := self.processes.find_strangers():
            begun = len(self.journal.events)
            self.take_events()  # what their parents told before
            told = {one.pid for one in self.journal.events[begun:] if one.kind in INTRODUCES}
            for pid, words in new.items():
                if pid not in told:
                    self.processes.introduce(pid, words)
        for pid in self.live:
            self._take_node(pid)

    def _take_node(self, pid: int) -> None:
        old = self.nodes.get(pid)
        parent = old.parent if old else self._starter_of(pid)
        words, program, stack = self._command_of(pid, parent, old)
        node = old or Node(pid=pid, parent=parent, at_ready=not self.ready)
        above = self.nodes.get(parent)
        same = bool(stack) and self.stacks.get(pid) == stack and program == node.program
        if stack:
            self.stacks[pid] = stack
        forked = self.stacks.get(parent) == stack if stack else node.forked
        # A program may write a title over its own command line, and a fork inherits that.
        known = node.words if same and node.words else words or node.words
        if forked and above and words and words == above.title:
            known = above.words
        copied = node.copied
        if stack and (forked or (above and above.words == known)):
            first = self._first_looks.setdefault(pid, self.journal.now)
            copied = round(self.journal.now - first, 3)
        self.nodes[pid] = replace(
            node,
            words=known,
            title=words if words != known else (),
            starter=bool(self.spec.starter) and program_name(known) == self.spec.starter,
            program=program or node.program,
            unpacked=node.unpacked or (not same and _is_unpacked(pid, program, above)),
            init=node.init or (self._has_namespace() and looking.pid_inside(pid) == 1),
            forked=forked,
            copied=copied,
        )

    def _command_of(
        self, pid: int, parent: int, old: Node | None
    ) -> tuple[tuple[str, ...], str, int]:
        """The command line, the file and the stack's place; nothing of one that is to execute."""
        in_vfork = (old is None or not old.words) and proc.may_be_in_vfork(parent)
        moment = looking.at_one_moment(pid, self._moments.get(pid))
        self._moments[pid] = words, program, stack = moment
        if in_vfork and stack == self.stacks.get(parent):
            return (), "", 0
        if old is None and pid == self.processes.root and program == self._file:
            return self._words, program, stack  # not what it has written over them by now
        return words, program, stack

    def _starter_of(self, pid: int) -> int:
        """Who started it: an orphan that has come home already has told it, or shows it."""
        known = proc.parent_of(pid)
        if known in self.nodes or pid == self.processes.root:
            return known
        named = [
            int(event.detail[0])
            for event in self.journal.events
            if event.pid == pid and event.kind in ("started", "forked")
        ]
        found = next((one for one in named if one in self.nodes), 0)
        return found or self._of_same_memory(pid) or known

    def _of_same_memory(self, pid: int) -> int:
        """Whose copy an orphan is whose own parent nobody saw, as of a daemon that forks twice."""
        stack, program = looking.place_of_stack(pid), looking.program_of(pid)
        for one, node in self.nodes.items():
            if stack and self.stacks.get(one) == stack and node.program == program:
                return one
        return 0

    def look_at_sockets(self) -> None:
        """Look for the sockets that processes of the tree accept connections on."""
        if not self.live:
            return
        there = looking.listening(self.live[0])
        held: dict[int, set[int]] = {}
        for pid in self.live:
            files = looking.descriptors(pid).values()
            held[pid] = looking.sockets_of(files) & there.keys()
            self.leftovers.remember(pid, [*files, *(there[one].address for one in held[pid])])
        self.sockets = {inode: there[inode] for own in held.values() for inode in own}
        counts = _for_clients(self.sockets)
        for pid, own in held.items():
            if pid in self.nodes:
                self.nodes[pid] = replace(self.nodes[pid], listens=bool(own & counts))

    @property
    def given_port(self) -> int:
        """The port that stands in its command; 0 where none does."""
        return (
            self.port if any(PORT in word for word in (*self.spec.words, self.spec.script)) else 0
        )

    @property
    def listens(self) -> bool:
        """Whether the tree listens: on the port that it was given, if it was given one."""
        given = self.given_port
        return any(not given or one.port == given for one in self.sockets.values())

    @property
    def tcp_port(self) -> int:
        """A port of this machine that the tree listens on; 0 where there is none."""
        return next((one.port for one in self.sockets.values() if one.port), 0)

    def become_ready(self) -> None:
        """Who has ended by now takes no part any more; who comes later is new.

        Who has executed another program since it spoke, which says nothing, is not observed.
        """
        self.ready = True
        places = (one.address.replace(self.temporary, "$TMPDIR") for one in self.sockets.values())
        self.listening = tuple(sorted(places))
        for pid, stack in self._observed.items():
            if stack and pid in self.live and self.stacks.get(pid, stack) != stack:
                self.journal.note("harness", pid, "replaced")
        sockets = _for_clients(self.sockets)
        for pid, node in self.nodes.items():
            if node.listens and accepts(pid, sockets):
                self.nodes[pid] = replace(node, accepts=True)
            outside = self.spec.namespace and pid == self.processes.root
            if outside or pid not in self.live:
                self.nodes[pid] = replace(node, gone=True)

    def look_at_dispositions(self) -> None:
        """Look which signals each process has handlers for."""
        for pid in self.live:
            if pid in self.nodes:
                catches, ignores = looking.dispositions(pid)
                self.nodes[pid] = replace(self.nodes[pid], catches=catches, ignores=ignores)

    @property
    def newborn(self) -> list[int]:
        """Who lives, and was started since it was ready."""
        return [one for one in self.live if one in self.nodes and not self.nodes[one].at_ready]

    def _look_who_accepts(self) -> None:
        """Look who was started since it was ready, and waits for connections now."""
        if new := [pid for pid in self.newborn if pid not in self.accepting]:
            sockets = _for_clients(looking.listening(new[0]))
            for pid in new:
                if accepts(pid, sockets):
                    self.accepting.add(pid)
                    self.journal.note("kernel", pid, "accepting")

    @property
    def accepts(self) -> bool:
        """Whether all that serve wait for connections, as far as that can be seen."""
        sockets = _for_clients(self.sockets)
        alive = [self.nodes[one] for one in self.live if one in self.nodes]
        serving = [one.pid for one in self.tree.serving(alive)]
        return all(accepts(one, sockets) or not can_be_seen(one) for one in serving)

    async def keep_looking(self) -> None:
        """Look again and again, for as long as the run goes on."""
        known = 0
        while True:
            if self.journal.now - self._looked > self.spec.look_again / 2:  # or another has just
                self.update_tree()
            if len(self.nodes) != known:
                known = len(self.nodes)
                self.look_at_sockets()
            self._look_who_accepts()
            await asyncio.sleep(self.spec.look_again)


def _for_clients(sockets: Mapping[int, looking.Listening]) -> Set[int]:
    """Beside a port, sockets by name are for its own parts: a manager of multiprocessing."""
    return {inode for inode, one in sockets.items() if one.port} or sockets.keys()


def _is_unpacked(pid: int, program: str, above: Node | None) -> bool:
    """Whether a program has started itself anew in it, unpacked; its own children inherit that."""
    if above is None or not program or program != above.program or above.unpacked:
        return False
    return looking.is_unpacked(pid)


def _wants_port(spec: AppSpec) -> bool:
    return any(PORT in text for text in (*spec.words, spec.script, spec.ready.what, spec.request))


def free_port() -> int:
    """A port of loopback that nobody has. Raises OSError."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port

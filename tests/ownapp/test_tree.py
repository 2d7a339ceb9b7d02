"""What to call the processes of any tree, and whom a target names."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from exitmatrix.machine.run.app import looking
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.model import Event
from exitmatrix.model.launching import STRUCTURES, Started, Structure
from exitmatrix.model.node import Node, program_name
from exitmatrix.model.tree import Tree
from msgspec.structs import replace

PYTHON = "/usr/bin/python3.13"
SPAWN = (
    "python",
    "-c",
    "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)",
    "--multiprocessing-fork",
)
TRACKER = ("python", "-c", "from multiprocessing.resource_tracker import main;main(5)")


def node(
    pid: int,
    parent: int,
    *words: str,
    program: str = PYTHON,
    listens: bool = False,
    forked: bool = False,
    at_ready: bool = True,
) -> Node:
    return Node(
        pid=pid,
        parent=parent,
        words=words,
        program=program,
        listens=listens,
        forked=forked,
        at_ready=at_ready,
    )


def gunicorn(first: int = 10, parent: int = 1) -> list[Node]:
    """A master and two workers that it forked, as gunicorn has them; all hold the socket."""
    words = ("python", "/venv/bin/gunicorn", "-w", "2", "app:app")
    return [
        node(first, parent, *words, listens=True),
        node(first + 1, first, *words, listens=True, forked=True),
        node(first + 2, first, *words, listens=True, forked=True),
    ]


def names(tree: Tree) -> list[str]:
    return list(tree.roles.values())


def test_one_process_is_main() -> None:
    """A program of one process is `main`."""
    assert names(Tree([node(10, 1, "python", "app.py")])) == ["main"]


def test_one_file_of_pyinstaller_is_a_launcher_and_its_program() -> None:
    """It unpacks itself and starts itself anew; what that starts of itself are workers."""
    app = "/opt/app"
    first, again = (node(pid, pid - 1, "./app", program=app) for pid in (10, 11))
    whole = [first, replace(again, unpacked=True)]
    assert names(Tree(whole)) == ["app", "main"]
    assert Tree(whole).launchers == {10}
    worker = node(12, 11, "./app", "--multiprocessing-fork", program=app)
    assert names(Tree([*whole, worker])) == ["app", "master", "worker"]
    # A program of another kind that starts itself again is a master.
    assert names(Tree([first, again])) == ["master", "worker"]


def test_forked_children_are_workers() -> None:
    """Who forks copies of itself is `master`, they are `worker#1`, `worker#2` as they appear."""
    assert names(Tree(gunicorn())) == ["master", "worker#1", "worker#2"]


def test_one_child_of_the_same_program_is_worker_without_a_number() -> None:
    """A reloader's child runs the same command line; there is one, so it bears no number."""
    words = ("python", "app.py")
    assert names(Tree([node(10, 1, *words), node(11, 10, *words)])) == ["master", "worker"]


@pytest.mark.parametrize(
    "words", [("-W", "default", "-X", "dev"), ("-Wdefault",), ("-E",), ()], ids=" ".join
)
def test_a_child_that_runs_the_same_with_other_options_of_python_is_a_worker(
    words: tuple[str, ...],
) -> None:
    """Reloaders start the program again by the path of its Python, with options of theirs."""
    run = ("manage.py", "runserver")
    tree = Tree([node(10, 1, "python", *run), node(11, 10, PYTHON, *words, *run)])
    assert names(tree) == ["master", "worker"]


@pytest.mark.parametrize("name", ["app.py", "./app.py"])
def test_a_reloader_may_name_the_program_from_the_root(name: str) -> None:
    """As that of Werkzeug 2.0 does, in whichever folder; a file of another name is another."""
    first, given = node(10, 1, "python", name, "-v"), ("-v",)
    tree = Tree([first, node(11, 10, PYTHON, "/srv/app.py", *given)])
    assert names(tree) == ["master", "worker"]
    for other in ("/srv/other_app.py", "srv/app.py"):
        assert len(Tree([first, node(11, 10, PYTHON, other, *given)]).family) == 1


def test_a_child_that_runs_something_else_is_no_worker() -> None:
    """Other arguments, or another module, are another program."""
    first = node(10, 1, "python", "-m", "app", "serve")
    for words in (("-m", "app", "work"), ("-m", "other", "serve"), ("app", "serve"), ()):
        assert len(Tree([first, node(11, 10, "python", *words)]).family) == 1


def test_what_multiprocessing_spawns_is_a_worker_and_its_tracker_is_not() -> None:
    """`spawn_main` runs the program again under another command line; the tracker does not."""
    tree = Tree([node(10, 1, "python", "uvicorn"), node(11, 10, *TRACKER), node(12, 10, *SPAWN)])
    assert names(tree) == ["master", "multiprocessing.resource_tracker", "worker"]


@pytest.mark.parametrize("head", ["", "import sys; "])
def test_what_a_fork_server_forks_for_the_program_is_a_worker_of_it(head: str) -> None:
    """The default method since 3.14: the server is a helper, and its forks run the program."""
    text = f"{head}from multiprocessing.forkserver import main; main(3, 4, ...)"
    server = ("python", "-B", "-c", text)
    whole = [
        node(10, 1, "python", "app.py"),
        node(11, 10, *TRACKER),
        node(12, 10, *server),
        node(13, 12, *server, forked=True),
        node(14, 12, *server, forked=True),
        node(15, 14, *server, forked=True),  # which forks itself
    ]
    helpers = ["multiprocessing.resource_tracker", "multiprocessing.forkserver"]
    tree = Tree(whole)
    assert names(tree) == ["master#1", *helpers, "worker#1", "master#2", "worker#2"]
    assert tree.family == {10, 13, 14, 15}
    assert names(Tree(whole[:3])) == ["main", *helpers]
    # What it listens on is for the program alone: nobody who is asked for something serves here.
    listening = Tree([replace(one, listens=one.pid == 12) for one in whole])
    assert listening.pids("serving", [10, 11, 12, 13, 15]) == [13]
    # One that another program has is none of this one's.
    other = [node(20, 10, "python", "other.py"), node(21, 20, *server)]
    assert Tree([whole[0], *other, node(22, 21, *server, forked=True)]).family == {10}


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (("/bin/sh", "-c", "gunicorn app:app; true"), "/bin/dash"),
        (("tini", "-s", "--", "gunicorn"), "/usr/bin/tini"),
        (("timeout", "60", "gunicorn"), "/usr/bin/timeout"),
        (("uv", "run", "gunicorn"), "/usr/bin/uv"),
    ],
)
def test_what_only_starts_the_program_is_no_part_of_it(
    words: tuple[str, ...], program: str
) -> None:
    """A launcher is called by its program's name, and the program below it is named as ever."""
    tree = Tree([node(9, 1, *words, program=program), *gunicorn(10, 9)])
    assert names(tree) == [program_name(words), "master", "worker#1", "worker#2"]
    assert tree.family == {10, 11, 12}


def test_a_script_of_another_language_goes_by_its_own_name() -> None:
    """GNU parallel and ts are written in Perl, unbuffer in Tcl."""
    assert program_name(("tclsh8.6", "/usr/bin/unbuffer", "python", "app.py")) == "unbuffer"
    assert program_name(("/usr/bin/perl", "-w", "/usr/bin/parallel", "python")) == "parallel"
    assert program_name(("node", "/app/server.js")) == "server.js"
    assert program_name(("perl", "-e")) == "perl"


BESIDE = ("web.py", "work.py")


def below_a_shell(*words: str) -> Tree:
    """A shell that starts two programs and waits."""
    shell = node(9, 1, "sh", "-c", "web.py & work.py & wait", program="/bin/dash")
    first, second = (
        node(pid, 9, "python", word) for pid, word in enumerate(words or BESIDE, start=10)
    )
    return Tree([shell, first, second])


def test_programs_beside_each_other_are_all_the_program() -> None:
    """Where a launcher starts several, each is part of it, by its own name; the shell is none."""
    tree = below_a_shell()
    assert names(tree) == ["sh", *BESIDE]
    assert (tree.family, tree.launchers) == ({10, 11}, {9})
    assert tree.pids("serving", [9, 10, 11]) == [10]
    assert names(below_a_shell("web.py", "web.py")) == ["sh", "web.py#1", "web.py#2"]


def test_workers_of_programs_beside_each_other_are_theirs() -> None:
    """Each may be a tree of its own, below a launcher of its own."""
    first = node(8, 1, "sh", "run.sh", program="/bin/dash")
    second = node(9, 8, "timeout", "60", "gunicorn", program="/usr/bin/timeout")
    work = node(20, 8, "python", "work.py")
    tree = Tree([first, second, *gunicorn(10, 9), work])
    assert names(tree) == ["sh", "timeout", "master", "worker#1", "worker#2", "work.py"]
    assert (tree.family, tree.launchers) == ({10, 11, 12, 20}, {8, 9})


def test_beside_a_python_what_is_none_is_a_helper() -> None:
    """`python app.py | tee log`: nothing can be put into `tee`, and it has nothing to clean up."""
    shell = node(9, 1, "sh", "-c", "python app.py | tee log", program="/bin/dash")
    tee = node(11, 9, "tee", "log", program="/usr/bin/tee")
    assert names(Tree([shell, node(10, 9, "python", "app.py"), tee])) == ["sh", "main", "tee"]
    cat = node(10, 9, "cat", program="/bin/cat")
    assert Tree([shell, cat, tee]).family == {10, 11}


def test_a_python_that_starts_other_programs_is_the_program() -> None:
    """It has work of its own: supervisord, or an app beside its database."""
    below = [node(pid, 10, "python", word) for pid, word in enumerate(BESIDE, start=11)]
    assert Tree([node(10, 1, "python", "app.py"), *below]).family == {10}


def test_a_python_that_starts_a_tool_is_the_program_and_one_that_starts_a_python_is_not() -> None:
    """`subprocess.run("...", shell=True)` makes no launcher of a program; `conda run` is one."""
    app = node(10, 1, "python", "app.py")
    shell = node(11, 10, "/bin/sh", "-c", "a & b", program="/bin/dash")
    tools = [node(pid, 11, "sleep", "9", program="/bin/sleep") for pid in (12, 13)]
    assert names(Tree([app, shell, *tools])) == ["main", "sh", "sleep#1", "sleep#2"]
    conda = node(10, 1, "python", "conda", "run", "serve")
    below = node(12, 11, "python", "serve", program="/env/bin/python3.9")
    assert names(Tree([conda, shell, below])) == ["conda", "sh", "main"]
    # A script is a program, though a part of its work needs another Python.
    old = node(11, 10, "python2.7", "legacy.py", program="/usr/bin/python2.7")
    assert names(Tree([app, old])) == ["main", "legacy.py"]


@pytest.mark.parametrize("name", ["supervisord", "circusd", "honcho"])
def test_a_supervisor_is_no_part_of_what_it_starts(name: str) -> None:
    """Though it listens, for its own client: who serves, or a leaf, is of the programs below."""
    whole = [
        node(10, 1, "python", f"/venv/bin/{name}", listens=True),
        node(11, 10, "python", "web.py", listens=True),
        node(12, 10, "python", "mail.py"),
    ]
    tree = Tree(whole)
    assert names(tree) == [name, "web.py", "mail.py"]
    assert (tree.family, tree.launchers) == ({11, 12}, {10})
    assert tree.pids("serving", (10, 11, 12)) == [11]
    assert Tree([whole[0], whole[2]]).pids("serving", (10, 12)) == [12]
    forks = [node(13, 10, "python", f"/venv/bin/{name}", forked=True), replace(whole[1], parent=13)]
    assert names(Tree([whole[0], *forks])) == [f"{name}#1", f"{name}#2", "main"]
    assert names(Tree(whole[:1])) == ["main"]  # it has nothing to start


def launched(*children: Node, **first: Any) -> tuple[Node, ...]:
    """A tree whose first process is another program than what it has started."""
    return (
        node(10, 1, *first.pop("words", ("made",)), **{"program": "/bin/made"} | first),
        *children,
    )


APP = node(11, 10, "python", "app.py")
TEE = node(12, 10, "tee", "log", program="/usr/bin/tee")
SUPERVISOR = ("python", "honcho", "start")
INVOKE = ("python", "inv", "serve")

EXAMPLES: list[tuple[tuple[Node, ...], list[int]]] = [
    (launched(replace(node(11, 10, "made", program="/bin/made"), unpacked=True), TEE), [11]),
    (launched(APP, TEE, words=SUPERVISOR, program=PYTHON, listens=True), [11, 12]),
    (launched(APP, listens=True), [10]),
    (launched(APP, words=("python", "pdm", "python", "app.py"), program=PYTHON), [11]),
    (launched(replace(APP, listens=True), words=INVOKE, program=PYTHON), [11]),
    (launched(node(11, 10, "made", "again", program="/bin/made")), [10]),
    (launched(TEE, words=("python", "app.py"), program=PYTHON), [10]),
    (launched(APP, TEE), [11]),
    (launched(TEE), [12]),
]
"""A tree for each structure, in their order, and the program in it."""


@pytest.mark.parametrize(
    ("structure", "nodes", "pids"),
    [(row, *example) for row, example in zip(STRUCTURES, EXAMPLES, strict=True)],
    ids=[row.what for row in STRUCTURES],
)
def test_each_structure_tells_a_launcher_from_the_program(
    structure: Structure, nodes: tuple[Node, ...], pids: list[int]
) -> None:
    """No structure stands behind one that decides for all of its trees."""
    started = Started(nodes[0], nodes[1:], lambda _: ())
    assert next(row for row in STRUCTURES if row.shown_by(started)) is structure
    assert [app.pid for app in Tree(nodes).apps] == pids


def test_a_launcher_may_start_itself_before_the_program() -> None:
    """`make all`, whose recipe calls `$(MAKE) serve`; without a Python below, it is the program."""
    makes = [
        node(10, 1, "make", "all", program="/usr/bin/make"),
        node(11, 10, "make", "serve", program="/usr/bin/make"),
    ]
    tree = Tree([*makes, node(12, 11, "python", "app.py")])
    assert names(tree) == ["make#1", "make#2", "main"]
    assert (tree.family, tree.launchers) == ({12}, {10, 11})
    assert names(Tree(makes)) == ["main", "make"]


def test_a_script_that_sleeps_is_the_program_and_no_launcher() -> None:
    """`while :; do sleep 1; done` waits in the shell; what it waits by comes and goes."""
    script = node(10, 1, "/bin/sh", "./serve.sh", program="/bin/dash")
    tree = Tree([script, node(11, 10, "sleep", "1", program="/bin/sleep")])
    assert names(tree) == ["main", "sleep"]
    assert tree.family == {10}


def test_a_shell_below_the_program_is_a_helper() -> None:
    """What a program starts besides itself is called by its own name."""
    shell = node(11, 10, "/bin/sh", "-c", "sleep 9; true", program="/bin/dash")
    tree = Tree([node(10, 1, "python", "app.py", listens=True), shell])
    assert names(tree) == ["main", "sh"]


def test_a_newborn_worker_counts_on() -> None:
    """A worker that came later has the next number, whoever is gone by then."""
    words = ("python", "/venv/bin/gunicorn", "-w", "2", "app:app")
    tree = Tree([*gunicorn(), node(13, 10, *words, forked=True, at_ready=False)])
    assert names(tree)[-1] == "worker#3"


def test_a_user_names_roles_by_command_lines() -> None:
    """`--role web=gunicorn` calls whoever's command line matches so."""
    tree = Tree(gunicorn(), {"web": "gunicorn"})
    assert names(tree) == ["web#1", "web#2", "web#3"]


@pytest.mark.parametrize(
    ("target", "pids"),
    [
        ("first", [9]),
        ("all", [9, 10, 11, 12]),
        ("serving", [11]),
        ("leaf", [11]),
        ("master", [10]),
        ("worker", [11]),
        ("worker#2", [12]),
        ("tini", [9]),
        ("nobody", []),
    ],
)
def test_a_target_is_a_place_or_a_role(target: str, pids: list[int]) -> None:
    """Places go by structure, roles by name; of several that are alike, it is the first."""
    tini = node(9, 1, "tini", "--", "gunicorn", program="/usr/bin/tini")
    assert Tree([tini, *gunicorn(10, 9)]).pids(target, [9, 10, 11, 12]) == pids


def test_a_target_is_alive() -> None:
    """Who has ended is not chosen."""
    assert Tree(gunicorn()).pids("worker", [10, 12]) == [12]


def test_who_waits_for_connections_serves_and_not_who_has_inherited_the_socket() -> None:
    """A process that was forked after the program listened holds its socket, whatever it does."""
    first, *others = gunicorn()
    assert Tree([replace(first, accepts=True), *others]).pids("serving", [10, 11, 12]) == [10]
    last = [first, others[0], replace(others[1], accepts=True)]
    assert Tree(last).pids("serving", [10, 11, 12]) == [12]
    both = [replace(one, accepts=True) for one in last]
    assert Tree(both).pids("serving", [10, 11, 12]) == [11]


def test_where_nobody_serves_the_serving_one_is_a_leaf() -> None:
    """`serving` names somebody in a program that listens on nothing, too."""
    assert Tree([node(10, 1, "python", "app.py")]).pids("serving", [10]) == [10]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("python app.py", "app.py"),
        ("/usr/bin/python3 -u -m http.server 80", "http.server"),
        ("python -c print()", "python"),
        ("python -c", "python"),
        ("/usr/bin/tini -- x", "tini"),
        ("", ""),
    ],
)
def test_a_program_is_named_by_what_it_runs(words: str, name: str) -> None:
    """The module of -m, the file of a script, else the program itself."""
    assert program_name(tuple(words.split())) == name


def test_a_program_in_a_word_is_named_by_what_it_imports_first() -> None:
    """As helpers of the standard library are; one that imports something later has no name."""
    named = {
        "from multiprocessing.resource_tracker import main;main(5)": (
            "multiprocessing.resource_tracker"
        ),
        "import sys; from multiprocessing.forkserver import main": "multiprocessing.forkserver",
        "import sys; from app import main": "python",
        "import app": "python",
    }
    assert {text: program_name(("python", "-c", text)) for text in named} == named


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("dask worker [tcp://127.0.0.1:40649]", "dask"),
        ("rq:worker:b39aae10d221477c: Listening on q", "rq"),
        ("gunicorn: master [app:app]", "gunicorn"),
        ("(wsgi:127.0.0.1:50681:0) -f", "wsgi"),
        ("/opt/my programs/serve", "serve"),
        ("./my serve", "my serve"),
        ("serve", "serve"),
    ],
)
def test_a_title_is_named_by_its_first_word(title: str, name: str) -> None:
    """What follows may be new in each run: ports, and names that are made up."""
    assert program_name((title, "", "")) == name


def test_a_role_is_found_by_the_title_of_a_process_too() -> None:
    """`--role scheduler='celery beat'`: the user sees the title in `ps`."""
    one = replace(node(10, 1, "python", "app.py"), title=("app: beat",))
    for expression in ("app.py", "beat"):
        assert list(Tree([one], {"own": expression}).roles.values()) == ["own"]


def test_who_was_gone_before_ready_has_no_name_and_no_number() -> None:
    """A process that came and went while the program started takes no part in what follows."""
    words = ("python", "/venv/bin/celery", "worker")
    came = Node(pid=11, parent=10, words=words, program=PYTHON, forked=True, gone=True)
    tree = Tree([node(10, 1, *words), came, node(12, 10, *words, forked=True)])
    assert tree.roles == {10: "master", 12: "worker"}


def test_a_daemon_whose_first_process_has_gone_has_another_first() -> None:
    """A program that forks into the background is what remains of it."""
    words = ("python", "daemon.py")
    gone = Node(pid=10, parent=1, words=words, program=PYTHON, gone=True)
    tree = Tree([gone, node(11, 10, *words, forked=True)])
    assert tree.roles == {11: "main"}
    assert tree.pids("first", [11]) == [11]


def test_who_was_gone_before_ready_is_no_part_of_what_serves() -> None:
    """An entry script forks helpers before it executes the program: pyenv's `python` is one.

    They looked like the program while it was still the script.
    """
    words = ("python", "app.py")
    helper = Node(pid=11, parent=10, words=("bash", "python"), forked=True, gone=True)
    tree = Tree([node(10, 1, *words), helper])
    assert [tree.pids(target, [10]) for target in ("serving", "leaf", "first")] == [[10]] * 3
    listening = Node(pid=11, parent=10, words=words, forked=True, listens=True, gone=True)
    assert Tree([node(10, 1, *words, listens=True), listening]).pids("serving", [10]) == [10]


def test_a_reloader_has_its_program_go_on_in_a_python_that_it_spawns() -> None:
    """As multiprocessing does: hupper has a function of this name, and no word of its own."""
    spawned = ("python", "-c", "from hupper.ipc import spawn_main; spawn_main(pipe_handle=3)")
    hupper = node(10, 1, "python", "/venv/bin/hupper", "-m", "app")
    for listens in (False, True):
        tree = Tree([hupper, node(11, 10, *spawned, listens=listens)])
        assert names(tree) == ["master", "worker"]


def test_a_command_that_starts_a_python_which_listens_is_a_launcher_of_it() -> None:
    """`inv serve` starts the user's program, `litestar run --reload` uvicorn's reloader.

    A script is a program, and so is a command whose Python may be a tool of its own.
    """
    inv = node(10, 1, "python", "/venv/bin/inv", "serve")
    app = node(11, 10, "python", "app.py", listens=True)
    assert names(Tree([inv, app])) == ["inv", "main"]
    assert names(Tree([inv, replace(app, listens=False)])) == ["main", "app.py"]
    assert names(Tree([node(10, 1, "python", "run.py"), app])) == ["main", "app.py"]
    cli = node(10, 1, "python", "/venv/bin/litestar", "run", "--reload")
    reloader = node(11, 10, "python", "-m", "uvicorn", "app:app", "--reload", listens=True)
    serves = node(13, 11, *SPAWN, listens=True)
    tree = Tree([cli, reloader, node(12, 11, *TRACKER), serves])
    assert names(tree) == ["litestar", "master", "multiprocessing.resource_tracker", "worker"]
    assert tree.pids("serving", [10, 11, 12, 13]) == [13]


def test_the_command_is_called_by_its_words_whatever_it_writes_over_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Screen calls itself SCREEN: seen before that or afterwards, it is one name."""
    empty = {"nodes": {}, "stacks": {}, "_first_looks": {}, "_moments": {}, "ready": False}
    fixed = {"_words": ("screen", "-D"), "_file": "/usr/bin/screen"}
    state: Any = SimpleNamespace(
        **empty,
        **fixed,
        spec=SimpleNamespace(starter=""),
        processes=SimpleNamespace(root=10),
        _starter_of=lambda _: 1,
        _has_namespace=lambda: False,
    )
    state._command_of = partial(AppState._command_of, state)
    for file, name in (
        ("/usr/bin/screen", "screen"),
        ("/usr/bin/other", "SCREEN"),  # it has executed another program
    ):
        seen = ("SCREEN", "-D"), file, 7
        monkeypatch.setattr(looking, "at_one_moment", lambda *_, seen=seen: seen)
        AppState._take_node(state, 10)
        assert state.nodes.pop(10).name == name


def test_a_process_is_found_after_what_its_parent_told_before_that() -> None:
    """What is read afterwards may be of before: then the child would not have its handlers.

    Who introduces itself meanwhile is found by that.
    """
    told = [[Event("probe", 10, "registered", ("A",)), Event("probe", 12, "forked", ("10", "1"))]]
    events: list[Event] = []
    state: Any = SimpleNamespace(
        journal=SimpleNamespace(events=events, now=0.0),
        live=(),
        take_events=lambda: events.extend(told.pop() if state.found else ()),
        found=False,
    )

    def find_strangers() -> dict[int, tuple[str, ...]]:
        state.found = True
        return {11: ("child",), 12: ("another",)}

    def introduce(pid: int, words: tuple[str, ...]) -> None:
        events.append(Event("kernel", pid, "found", words))

    state.processes = SimpleNamespace(
        find_strays=lambda: False, find_strangers=find_strangers, introduce=introduce
    )
    AppState.update_tree(state)
    assert [(one.pid, one.kind) for one in events] == [
        (10, "registered"),
        (12, "forked"),
        (11, "found"),
    ]


def test_who_forks_twice_is_master_whether_the_first_child_was_seen_or_not() -> None:
    """A daemon's first child ends at once: seen or not, the one that stays is a worker."""
    words = ("python", "app.py")
    passing = Node(pid=11, parent=10, words=words, program=PYTHON, forked=True, gone=True)
    seen = Tree([node(10, 1, *words), passing, node(12, 11, *words, forked=True)])
    unseen = Tree([node(10, 1, *words), node(12, 10, *words, forked=True)])
    assert names(seen) == names(unseen) == ["master", "worker"]
    assert seen.pids("leaf", [10, 12]) == unseen.pids("leaf", [10, 12]) == [12]


def test_who_is_told_the_whole_command_of_its_child_is_its_launcher() -> None:
    """`pdm run`, `poetry run` and their like may run on the very Python of the program."""
    pdm = node(10, 1, "python", "/venv/bin/pdm", "run", "python", "app.py", "-v")
    app = node(11, 10, "/venv/bin/python", "app.py", "-v")
    assert names(Tree([pdm, app])) == ["pdm", "main"]
    assert Tree([pdm, app]).pids("leaf", [10, 11]) == [11]
    watchfiles = node(10, 1, "python", "/venv/bin/watchfiles", "python app.py -v", "src")
    assert names(Tree([watchfiles, app])) == ["watchfiles", "main"]
    # Another command than that, or one word alone, is no sign of it.
    assert names(Tree([pdm, replace(app, words=("python", "app.py"))]))[0] == "main"
    assert names(Tree([node(10, 1, "python", "sup.py", "app"), node(11, 10, "app")]))[0] == "main"


@pytest.mark.parametrize(
    ("line", "pipes"),
    [
        ("ls | entr python app.py", True),
        ("python app.py |& tee log", True),
        ("setup || exit 1; python app.py", False),
        ("python app.py", False),
    ],
)
def test_whether_a_shell_has_a_pipe_stands_in_its_command(line: str, pipes: bool) -> None:
    """Of the processes of one the first may be gone when the program is ready."""
    assert node(10, 1, "sh", "-c", line, program="/bin/dash").pipes is pipes
    assert not node(10, 1, "python", "-c", line).pipes


def test_what_a_shell_starts_beside_the_program_is_known() -> None:
    """The other ends of its pipes; and not what the program starts itself."""
    sh = node(10, 1, "sh", "-c", "python app.py | tee log", program="/bin/dash")
    app, tee = node(11, 10, "python", "app.py"), node(12, 10, "tee", "log", program="/bin/tee")
    helper = node(13, 11, "redis", program="/bin/redis")
    assert Tree([sh, app, tee, helper]).beside == {12}
    assert Tree([sh, app, replace(tee, gone=True)]).beside == set()
    assert Tree([app, replace(helper, at_ready=False)]).beside == set()

"""The wheel is whole: the command works outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import exitmatrix
import pytest
from uv import find_uv_bin

from tests.conftest import NEWEST, note_exercised

CHECKOUT = Path(exitmatrix.__file__).parents[2]

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (CHECKOUT / "pyproject.toml").exists(), reason="the package is not a checkout"
    ),
]


def assert_records_are_brought(
    command: list[str], environment: dict[str, str], folder: Path
) -> None:
    """What only reads answers from the records of the package, and writes nothing."""
    empty = folder / "empty"
    empty.mkdir()
    for words, says, status in (
        (["explain", "plain/SIGTERM"], "plain/SIGTERM@main\n", 0),
        (["explain", "cpython-3.13.0/none/plain/SIGTERM@main"], "\nIn order\n", 0),
        (["diff", "cpython-3.12.1", "cpython-3.13.0"], "cpython-3.12.1 -> cpython-3.13.0", 1),
        (["claims", "B7"], "B7", 0),
        (["answer", "docker stop", "gunicorn"], "gunicorn", 0),
        (["check", "--update"], "", 2),
        (["site"], "", 2),
    ):
        done = subprocess.run(
            [*command, *words],
            cwd=empty,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == status, done.stderr
        assert says in done.stdout
    assert not list(empty.iterdir())


def test_the_wheel_works_outside_the_checkout(tmp_path: Path) -> None:
    """A wheel that is installed elsewhere brings scenarios, pins, probe and schema with it."""
    pytest.importorskip("hatchling")
    built = tmp_path / "dist"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "hatchling",
            "build",
            "--target",
            "wheel",
            "--directory",
            str(built),
        ],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (wheel,) = built.glob("*.whl")
    elsewhere = tmp_path / "venv"
    venv.create(elsewhere)
    python = elsewhere / "bin" / "python"
    install = ["pip", "install", "--offline", "--no-deps", "--python", str(python), str(wheel)]
    subprocess.run([find_uv_bin(), *install], check=True, capture_output=True)
    # What it depends on is taken from here; the package itself is not.
    libraries = "\n".join(path for path in sys.path if path.endswith("site-packages"))
    (site,) = elsewhere.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(libraries)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    words = ["--python", NEWEST, "--scenario", "plain", "--termination", "return"]
    done = subprocess.run(
        [str(elsewhere / "bin" / "exitmatrix"), "matrix", *words, "--progress", "none"],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "reports/matrix.md"
    assert (tmp_path / "reports" / "matrix.md").read_text().startswith("# ")
    assert_records_are_brought([str(elsewhere / "bin" / "exitmatrix")], clean, tmp_path)
    where = subprocess.run(
        [str(python), "-c", "import exitmatrix; print(exitmatrix.__file__)"],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert str(elsewhere) in where
    assert (Path(where.strip()).parent / "record.schema.json").exists()
    note_exercised([NEWEST])

"""Files of lines: written whole or not at all, appended to, brought into order, locked."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from io import FileIO
from pathlib import Path

import msgspec

from exitmatrix.machine.holder import holder


class CannotWrite(Exception):
    """The output folder cannot be written. The text says which and why."""


def write(file: Path, data: bytes) -> None:
    """Write a file whole or not at all, and only if it would differ. Raises CannotWrite."""
    try:
        if file.exists() and file.read_bytes() == data:
            return
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            draft.write_bytes(data)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot write to {file}: {error.strerror}") from error


def is_written(file: Path) -> bool:
    """Whether there is such a file."""
    return file.is_file()


def check_writable(file: Path) -> None:
    """Whether a file could be written, before it takes time to make it. Raises CannotWrite."""
    folder = file.parent
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        mode = stat.S_IFREG
    except OSError as error:
        raise CannotWrite(f"cannot write to {file}: {error.strerror}") from error
    if not stat.S_ISREG(mode):  # a pipe would be waited for, and a device be replaced
        what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise CannotWrite(f"cannot write to {file}: it is {what}")
    if not folder.is_dir():
        raise CannotWrite(f"cannot write to {file}: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotWrite(f"cannot write to {file}: the folder {folder} cannot be written")


def check_distinct(files: Mapping[str, Path]) -> None:
    """Whether each is a file of its own, whatever it is called. Raises CannotWrite."""
    known: dict[Path, str] = {}
    for name, file in files.items():
        first = known.setdefault(file.resolve(), name)
        if first != name:
            raise CannotWrite(f"{first} and {name} name one file: {file}")


def rewrite(file: Path, lines: Iterable[bytes]) -> None:
    """Write a file of these lines, sorted, if it would differ. Raises CannotWrite."""
    data = b"".join(line + b"\n" for line in sorted(lines))
    if data or file.exists():
        write(file, data)


def append(file: Path, line: bytes) -> None:
    """Add a line to a file, in one write where that can be. Raises OSError."""
    data = line + b"\n"
    with file.open("a+b", buffering=0) as out:
        _drop_torn_line(out)
        while data:  # less than all is written where the disk is full; then the next raises
            data = data[out.write(data) :]


def lines_of(file: Path) -> Iterator[bytes]:
    """The lines of a file, with their ends; none where there is no file. Raises OSError.

    One after the other: a file may be larger than what is made of it.
    """
    if not file.exists():
        return
    if not file.is_file():  # a pipe would be waited for
        raise OSError(errno.EINVAL, "is no regular file", str(file))
    with file.open("rb") as lines:
        yield from lines


def is_in_order(file: Path) -> bool:
    """Whether a file is as `rewrite` leaves it: whole lines, sorted, one for each value."""
    last = name = b""
    for line in lines_of(file):
        before, name = name, line.partition(b',"interpreter":')[0].partition(b',"timeline":')[0]
        if not line.endswith(b"\n") or line < last or name == before:
            return False
        last = line
    return True


def _drop_torn_line(file: FileIO) -> None:
    """Bring a file that ends in a torn line back to its last whole one."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return
    file.seek(0)
    last = file.read().rpartition(b"\n")[2]
    if is_torn(last):
        file.truncate(size - len(last))
    else:
        file.write(b"\n")  # an editor left out the end of the line


def is_torn(line: bytes) -> bool:
    """Whether a last line that has no end is a part of one only."""
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True
    except RecursionError:
        pass
    return False


def make_folders(folders: Iterable[Path]) -> None:
    """Make folders that can be written, all or none. Raises CannotWrite."""
    made: list[Path] = []
    try:
        for folder in folders:
            missing = [one for one in (folder, *folder.parents) if not one.exists()]
            made += reversed(missing)
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
    except OSError as error:
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise CannotWrite(f"cannot write to {error.filename}: {error.strerror}") from error


def lock(folder: Path, output: Path) -> int:
    """Keep other runs out of a folder for as long as the descriptor is open: flock(2).

    Two at once would each put what they know in order, and lose what the other
    had added. Raises CannotWrite.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        who = holder(descriptor)
        os.close(descriptor)
        raise CannotWrite(f"cannot write to {output}: {who} is writing there") from error
    except OSError:
        pass  # a file system that has no locks
    return descriptor

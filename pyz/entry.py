"""The entry point of exitmatrix.pyz: unpack what this Python needs, once, and run the command.

A module that is written in C cannot be imported from an archive (docs: library/zipimport), and the
harness starts processes of its own; so the archive is unpacked into a folder that bears the digest
of its contents. It is beside no package of the user's: nothing of it is on the path of the
observed program.
"""

import os
import shutil
import sys
import sysconfig
import tempfile
import zipfile

OLDEST = (3, 11)
COMMON = "common/"


def main():
    """Run `exitmatrix` with the arguments that were given."""
    archive = sys.argv[0]
    if sys.version_info < OLDEST:
        told = (archive, sys.version_info[0], sys.version_info[1])
        sys.exit("%s needs Python 3.11 or later, and this is %d.%d" % told)
    with zipfile.ZipFile(archive) as opened:
        own = "cp%d%d/" % sys.version_info[:2]
        names = opened.namelist()
        known = sorted({name.partition("/")[0] for name in names if name.startswith("cp")})
        if own[:-1] not in known or sysconfig.get_config_var("Py_GIL_DISABLED"):
            sys.exit("%s holds what %s need, and not this Python" % (archive, ", ".join(known)))
        folder = _unpacked(opened, (COMMON, own))
    sys.path.insert(0, folder)
    from exitmatrix.cli.entry import entry

    sys.argv[0] = "exitmatrix"
    entry()


def _unpacked(opened, parts):
    """The folder that holds these parts of the archive; made where it is not there yet."""
    digest = opened.read("DIGEST").decode()
    name = "pyz-%s-%s" % (digest, parts[1][:-1])
    for place in _places():
        folder = os.path.join(place, name)
        if os.path.isdir(folder):
            return folder
        try:
            os.makedirs(place, mode=0o700, exist_ok=True)
            made = tempfile.mkdtemp(prefix="new-", dir=place)
        except OSError:
            continue
        try:
            for one in opened.infolist():
                part = next((part for part in parts if one.filename.startswith(part)), "")
                inside = one.filename[len(part) :]
                if part and inside and not one.is_dir():
                    _unpack(opened, one, os.path.join(made, inside))
            os.rename(made, folder)  # whole or not at all; another may have been first
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            if not os.path.isdir(folder):
                continue
        return folder
    sys.exit("no folder was found into which %s could be unpacked; set TMPDIR" % sys.argv[0])


def _unpack(opened, one, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with opened.open(one) as source, open(target, "wb") as copy:
        shutil.copyfileobj(source, copy)


def _places():
    """Folders of this user's alone: what lies in them is run."""
    yield os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "exitmatrix"
    )
    yield os.path.join(tempfile.gettempdir(), "exitmatrix-%d" % os.getuid())


if __name__ == "__main__":
    main()

"""Says whether some data file of coverage holds a line that the child alone has run."""

import glob

from coverage import CoverageData


def measured(name, line):
    data = CoverageData(name)
    data.read()
    own = [path for path in data.measured_files() if path.endswith("/app.py")]
    return any(line in (data.lines(path) or ()) for path in own)


with open("app.py") as file:
    (line,) = [at for at, text in enumerate(file, start=1) if "the child alone" in text]
kept = any(measured(name, line) for name in glob.glob(".coverage.*"))
print("data of coverage, of the child:", "kept" if kept else "lost")

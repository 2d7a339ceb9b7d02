"""Runs test modules in an observed Python, 2.7 or 3.6 and later, and writes what each test did.

    PYTHON driver.py FILE NAME...

A name is that of a module or of a test in one. FILE gets a line `ID <tab> RESULT` for each test.
"""

import sys
import unittest


class Result(unittest.TestResult):
    """Writes each result at once: a module that is cut off has told what it did."""

    def __init__(self, file):
        unittest.TestResult.__init__(self)
        self.file = file

    def tell(self, test, result):
        self.file.write("%s\t%s\n" % (test.id().replace("\n", " "), result))
        self.file.flush()

    def addSuccess(self, test):
        self.tell(test, "ok")

    def addError(self, test, err):
        # What cannot be imported is a test to unittest since 3.5, one that fails.
        missing = type(test).__name__ == "_FailedTest"
        self.tell(test, "missing" if missing else "error " + err[0].__name__)

    def addFailure(self, test, err):
        self.tell(test, "failure")

    def addSkip(self, test, reason):
        self.tell(test, "skipped")

    def addExpectedFailure(self, test, err):
        self.tell(test, "expected failure")

    def addUnexpectedSuccess(self, test):
        self.tell(test, "unexpected success")

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.tell(test, "failure of a part")


def main(path, names):
    with open(path, "a") as file:
        for name in names:
            result = Result(file)
            try:
                suite = unittest.defaultTestLoader.loadTestsFromName(name)
            except unittest.SkipTest:
                file.write("%s\tskipped\n" % name)
                continue
            except Exception:
                file.write("%s\tmissing %s\n" % (name, sys.exc_info()[0].__name__))
                continue
            suite.run(result)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

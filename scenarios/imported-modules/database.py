from __future__ import print_function

import atexit

import settings

opened = []


def connect():
    opened.append(settings.values["name"])


@atexit.register
def B():
    print("B: closing the database", opened.pop())

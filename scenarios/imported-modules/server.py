from __future__ import print_function

import atexit

import database


def start():
    database.connect()


@atexit.register
def C():
    print("C: stopping the server")

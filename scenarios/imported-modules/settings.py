from __future__ import print_function

import atexit

values = {"name": "example"}


@atexit.register
def A():
    print("A: writing the settings")

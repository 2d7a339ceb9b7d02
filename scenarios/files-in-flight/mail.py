"""A listener that is slow. It is in a file of its own: a thread in a function of the program's file
would hold on to what is global there, so that none of it is closed at the end.
"""
import logging.handlers
import time


class Listener(logging.handlers.QueueListener):  # novm: not on 2.7
    def prepare(self, record):
        time.sleep(3600)
        return record

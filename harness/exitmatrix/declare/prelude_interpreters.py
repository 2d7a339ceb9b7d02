"""What a generated program with a second interpreter needs before its own lines, as text.

It works on Python 2.7 and 3.6 up. From 3.8 on there is a module for that, which has no public name
before 3.14 (PEP 734); older Pythons have the C API alone.
"""

from __future__ import annotations

INTERPRETERS = '''
SECOND = []  # how the second interpreter is ended, where there is one
HANDLER_THERE = """
@atexit.register
def {name}():
    os.write({told}, b"{place} {name} began\\\\n")
    os.write({told}, b"{place} {name} ended\\\\n")
"""


def start_interpreter(*names):
    """Start a second interpreter, which registers handlers that tell."""
    place = ".".join(map(str, PATH)) or "-"
    there = [HANDLER_THERE.format(name=name, told=TOLD, place=place) for name in names]
    SECOND.append(interpreter("import atexit\\nimport os\\n" + "".join(there)))


def end_interpreter():
    """End the second interpreter, if there is one."""
    if SECOND:
        SECOND.pop()()


def interpreter(text):
    """Run a text in another interpreter; what ends that is given back."""
    for name in ("_interpreters", "_xxsubinterpreters"):  # 3.13 up, 3.8 up
        try:
            module = __import__(name)
        except ImportError:
            continue
        id = module.create()
        if module.run_string(id, text):
            raise RuntimeError(text)
        return lambda: module.destroy(id)  # which keeps it: up to 3.12 it ends with its id
    return of_c_api(text.encode("ascii"))


def of_c_api(text):
    import ctypes

    api = ctypes.pythonapi
    heads = (api.PyInterpreterState_Head, api.PyInterpreterState_ThreadHead)
    for function in (api.PyThreadState_Get, api.PyThreadState_Swap) + heads:
        function.restype = ctypes.c_void_p
    kept = ctypes.create_string_buffer(text)
    in_turn(
        (api.Py_NewInterpreter, None),
        (api.PyRun_SimpleString, ctypes.addressof(kept)),
        (api.PyThreadState_Swap, api.PyThreadState_Get()),
    )
    second = heads[1](ctypes.c_void_p(heads[0]()))

    def end():
        in_turn(
            (api.PyThreadState_Swap, second),
            (api.Py_EndInterpreter, second),
            (api.PyThreadState_Swap, api.PyThreadState_Get()),
        )

    return end


def in_turn(*calls):
    """Calls of the C API, with no line of Python between them.

    Such a line would run with the other interpreter's thread, or with none. So the C library is
    told of them as exit functions of a shared object that is none, and asked to run these.
    """
    import ctypes

    libc = ctypes.PyDLL(None)  # which keeps the lock
    nobody = ctypes.create_string_buffer(1)
    for function, argument in reversed(calls):
        address = ctypes.cast(function, ctypes.c_void_p)
        libc.__cxa_atexit(address, ctypes.c_void_p(argument), nobody)
    libc.__cxa_finalize(nobody)
'''

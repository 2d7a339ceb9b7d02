"""A second interpreter in this process, by the interface that this Python has for it.

Python 2.7 and 3.6 up, CPython only. 3.14 has a public interface (PEP 734,
concurrent.interpreters), 3.8 to 3.13 a private one; before that there is the C
API alone (Doc/c-api/init.rst, "Sub-interpreter support").

    import subinterpreters

    second = subinterpreters.start(CODE)    # the text runs in an interpreter of its own
    second.end()                            # as documented; without this call it is left
"""

from exitmatrix_channel import tell


def start(code):
    """Run a program's text in a new interpreter, which lives on until it is ended."""
    second = _start(code)
    tell("endings", "subinterpreter")
    return second


def _start(code):
    try:
        from concurrent import interpreters  # novm: 3.14
    except ImportError:
        interpreters = None
    if interpreters:
        return _Public(interpreters.create(), code)
    private = _private_module()
    return _Private(private, code) if private else _ByCAPI(code)


class _Public(object):
    def __init__(self, interpreter, code):
        self.end = interpreter.close
        getattr(interpreter, "exec")(code)  # noqa: B009 - a keyword on 2.7


def _private_module():
    try:
        import _interpreters as private  # 3.13
    except ImportError:
        private = None
    try:
        import _xxsubinterpreters as private  # 3.8 to 3.12
    except ImportError:
        pass
    return private


class _Private(object):
    def __init__(self, private, code):
        self.private = private
        # On 3.8 to 3.12 an object that owns its interpreter: one that nobody refers
        # to any more is ended (_PyInterpreterState_IDDecref).
        self.id = private.create()
        failed = private.run_string(self.id, code)  # 3.13 tells, older ones raise
        if failed:
            raise RuntimeError(failed)

    def end(self):
        self.private.destroy(self.id)


class _ByCAPI(object):
    """Calls of the C API one after another, without a line of Python between them.

    While the other interpreter's thread state is the current one, the code that
    runs here would run with it: 2.7 stops with "ceval: tstate mix-up" if it comes
    to pass the lock on just then, and after Py_EndInterpreter there is none at
    all. So the C library is given the calls as exit functions of a made-up shared
    object, and is asked to run these (Itanium C++ ABI, "DSO Object Destruction API").
    """

    def __init__(self, code):
        import ctypes

        self.api = ctypes.pythonapi
        for name in (
            "PyThreadState_Get",
            "PyThreadState_Swap",
            "PyInterpreterState_Head",
            "PyInterpreterState_ThreadHead",
        ):
            getattr(self.api, name).restype = ctypes.c_void_p
        # Kept, for nobody promises that the text is not needed later.
        self.text = ctypes.create_string_buffer(code.encode("ascii"))
        _in_turn(
            (self.api.Py_NewInterpreter, None),
            (self.api.PyRun_SimpleString, ctypes.addressof(self.text)),
            (self.api.PyThreadState_Swap, self.api.PyThreadState_Get()),
        )
        newest = ctypes.c_void_p(self.api.PyInterpreterState_Head())
        self.second = self.api.PyInterpreterState_ThreadHead(newest)

    def end(self):
        _in_turn(
            (self.api.PyThreadState_Swap, self.second),
            (self.api.Py_EndInterpreter, self.second),
            (self.api.PyThreadState_Swap, self.api.PyThreadState_Get()),  # maybe of another thread
        )


def _in_turn(*calls):
    """Call C functions of one argument, the first one first."""
    import ctypes

    libc = ctypes.PyDLL(None)  # keeps the lock, as the C API asks for
    made_up = ctypes.create_string_buffer(1)
    for function, argument in reversed(calls):
        address = ctypes.cast(function, ctypes.c_void_p)
        libc.__cxa_atexit(address, ctypes.c_void_p(argument), made_up)
    libc.__cxa_finalize(made_up)

"""How every kernel is compiled and called: the one place for both.

Compiled for all threads, with results kept in Numba's cache. Called one at a time: two Python threads that
enter parallel code at once abort the process where Numba has neither OpenMP nor TBB, and elsewhere would only
take the processors from each other. And not at all in a process that was forked when the threads were
running already: the child has none of them, and would wait for them for ever or be ended by OpenMP.
"""

import functools
import os
import threading
import types
import warnings

from numba import njit

from segnet_np.kernels.flags import FASTMATH

_one_at_a_time = threading.RLock()
_used = False
_lost_its_threads = False


def kernel(function):
    """Make a parallel kernel of a function.

    Returns
    -------
    call : function
        Its ``dispatcher`` is what Numba made of it.

    Raises
    ------
    RuntimeError
        At a call in a process that was forked after a kernel ran.
    """
    dispatcher = _compiled(function, parallel=True)

    @functools.wraps(function)
    def call(*arguments):
        global _used
        check_threads(function.__name__)
        with _one_at_a_time:
            _used = True
            return dispatcher(*arguments)

    call.dispatcher = dispatcher
    return call


def on_one_thread(call):
    """The same kernel without threads, for work so small that starting them would take longer."""
    function = call.__wrapped__
    # Under a name of its own, because by the name Numba's cache would take one for the other.
    copy = types.FunctionType(function.__code__, function.__globals__, closure=function.__closure__)
    copy.__qualname__ = f"{function.__qualname__}_on_one_thread"
    return _compiled(copy, parallel=False)


def check_threads(who):
    """Raise RuntimeError in a process that was forked after a kernel ran."""
    if _lost_its_threads:
        raise RuntimeError(
            f"{who}: this process was forked from one that had run kernels, whose threads do not come along; "
            "start it with multiprocessing.get_context('spawn') instead"
        )


def _compiled(function, parallel):
    try:
        return njit(parallel=parallel, fastmath=FASTMATH, cache=True)(function)
    except RuntimeError:  # Numba found no folder that can be written to
        warnings.warn(
            "kernels will be compiled anew in every process, because neither the package's folder nor the "
            "user's cache folder can be written to; NUMBA_CACHE_DIR names another one",
            stacklevel=1,
        )
        return njit(parallel=parallel, fastmath=FASTMATH)(function)


def _after_fork():
    global _lost_its_threads, _one_at_a_time
    _lost_its_threads = _used
    _one_at_a_time = threading.RLock()  # another thread of the parent may have held it


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)

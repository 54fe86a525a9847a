"""Keeps Python's garbage collector from looking through what a process loads, none of which is garbage.

Loading makes a hundred thousand objects that live as long as their process. Left alone, the collector goes through
them some 270 times while they are loaded, at every full collection from then on, and once more as the process ends:
0.4 of the 1.0 s of CPU that a worker takes to start and to end.
"""

import atexit
import gc

_ALWAYS = gc.get_threshold()
_WHILE_LOADING = 100_000  # objects made since it looked last; Python's own is 700

atexit.register(gc.freeze)  # what is frozen is not looked through at the end


def begin_loading() -> None:
    gc.set_threshold(_WHILE_LOADING, *_ALWAYS[1:])


def end_loading() -> None:
    """Set what there is aside for good, and collect from now on as Python does."""
    gc.freeze()
    gc.set_threshold(*_ALWAYS)

"""Work in a process of its own, split off from one that has the libraries loaded already.

Importing what a notebook or nbgrader needs takes longer than most of what they then do. So a server
imports it once (`preload`), and each call is split off from that server: nothing that one call does
reaches the next, what it started ends with it, and none of it waits for an import.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import psutil

PROCESSES = multiprocessing.get_context("forkserver")
_preloaded: list[str] = []


class ProcessError(Exception):
    """A call that did not come to its end: an error of its own, too little time, a death."""


def preload(*modules: str) -> None:
    """Have the server import these modules when it starts, which is at the first call."""
    _preloaded.extend(module for module in modules if module not in _preloaded)
    PROCESSES.set_forkserver_preload(_preloaded)


def call(function: Callable, *given: Any, seconds: float) -> Any:
    """What `function(*given)` returns in a process of its own.

    Raises
    ------
    ProcessError
        With the last line of what went wrong there, or that it took more than `seconds`.
    """
    answer, theirs = PROCESSES.Pipe(duplex=False)
    work = PROCESSES.Process(target=_send, args=(theirs, function, given))
    work.start()
    theirs.close()
    try:
        if not answer.poll(seconds):
            raise ProcessError(f"it was stopped after {seconds:g} seconds")
        value, error = answer.recv()
    except EOFError:
        raise ProcessError("it ended without a word") from None
    finally:
        end_all(work.pid)
        work.join()
    if error is not None:
        raise ProcessError(error)
    return value


def _send(answer: Connection, function: Callable, given: tuple) -> None:
    """What such a process runs: it sends what the function returns, or the error that ended it."""
    os.setsid()  # so that this process and what it starts can be ended together
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    for stream in (1, 2):  # what libraries and kernels have to say would tear a progress bar
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    try:
        answer.send((function(*given), None))
    except (Exception, SystemExit) as error:
        told = str(error).strip().splitlines()
        answer.send((None, told[-1] if told else type(error).__name__))


@atexit.register
def stop() -> None:
    """End the server and wait for it: what it and its calls took then counts with this process."""
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess, ChildProcessError):
            if "multiprocessing.forkserver" in " ".join(child.cmdline()):
                child.kill()
                os.waitpid(child.pid, 0)


def end_all(pid: int) -> None:
    """End a process and all that it started; a kernel is in no group but its own."""
    with suppress(psutil.NoSuchProcess):
        for process in [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def end_with(parent: int) -> None:
    """End this process once its parent is gone, so that a run that is started again works alone."""
    while os.getppid() == parent:
        time.sleep(0.2)
    end_all(os.getpid())

"""Runs in processes of their own, which tests hold, interrupt and kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest

# A run whose store takes so many cells and then waits for ever: however late a test comes to it on
# a busy machine, it is not done. Interrupts work in it even where whoever started the tests ignores
# them, as a shell does for what it runs in the background.
HELD = """
import signal, sys, time
from helpers.running.store import Store
from helpers.simulation import main

signal.signal(signal.SIGINT, signal.default_int_handler)
save, room = Store.save, int(sys.argv[1])

def held(self, key, table):
    while len(list(self.folder.glob("[!.]*.parquet"))) >= room:
        time.sleep(0.1)
    save(self, key, table)

Store.save = held
main(sys.argv[2:])
"""


def command_line(*words, **more):
    """The command line in a process of its own, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "helpers.simulation", *map(str, words)],
        capture_output=True,
        text=True,
        **more,
    )


@contextmanager
def held_run(room, *words):
    """The command line at work, never to finish more than `room` cells; ended in the end."""
    run = subprocess.Popen(
        [sys.executable, "-c", HELD, str(room), *map(str, words)],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield run
    finally:
        kill(run)


def kill(run):
    """SIGKILL for a process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def finished(store):
    """The cells that are in a store's folder."""
    return set(store.glob("[!.]*.parquet"))


def wait_until(condition, run):
    """Wait for as long as a process is at work."""
    while not condition():
        if run.poll() is not None:
            pytest.fail(f"the run ended by itself: {run.stderr.read()}")
        time.sleep(0.02)

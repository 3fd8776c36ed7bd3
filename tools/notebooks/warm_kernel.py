"""A kernel split off from a process that has the chapters' libraries loaded already.

Starting a kernel and importing what a chapter imports takes longer than many a chapter computes.
The cells start from an empty namespace, as in any kernel; only the modules are there beforehand, so
what a chapter forgets to import still fails. Each week kernels are started from nothing instead.
"""

from __future__ import annotations

import os
import signal
from multiprocessing import get_context
from multiprocessing.connection import Connection

from jupyter_client.manager import AsyncKernelManager

INLINE = "module://matplotlib_inline.backend_inline"


class WarmKernel:
    """A process that waits to be told where to connect; then it is a kernel, seen as a `Popen`."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        processes = get_context("fork")
        theirs, self.starts = processes.Pipe(duplex=False)
        self.process = processes.Process(target=_serve, args=(theirs,))
        self.process.start()
        theirs.close()

    @property
    def pid(self) -> int | None:
        """Its number among the processes."""
        return self.process.pid

    def poll(self) -> int | None:
        """The exit code, or None while it lives."""
        return self.process.exitcode

    def wait(self) -> int | None:
        """Wait for the end; the exit code."""
        self.process.join()
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        """Hand a signal on."""
        if self.process.is_alive() and self.process.pid:
            os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class WarmKernelManager(AsyncKernelManager):
    """A manager whose kernel is the one that `keep_ready` split off."""

    ready: WarmKernel | None = None

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: object) -> None:
        kernel, type(self).ready = self.ready, None
        assert kernel and self.provisioner and self.provisioner.connection_info
        self.provisioner.process, self.provisioner.pid = kernel, kernel.pid
        module = kernel_cmd.index("-m")
        # a kernel that is started now would begin in the folder where papermill is by now
        kernel.starts.send((kernel_cmd[module + 2 :], kw.get("env"), kw.get("cwd") or os.getcwd()))
        self._reconcile_connection_info(self.provisioner.connection_info)


def keep_ready() -> type[WarmKernelManager]:
    """Split a kernel off now, before there are threads and event loops here; its manager."""
    WarmKernelManager.ready = WarmKernel()
    return WarmKernelManager


def _serve(starts: Connection) -> None:
    """Wait for the arguments, then be the kernel until it is shut down."""
    import matplotlib
    import pandas as pd
    from ipykernel.kernelapp import IPKernelApp
    from threadpoolctl import threadpool_limits

    arguments, environment, folder = starts.recv()
    os.environ.update(environment or {})
    os.chdir(folder)
    # what matplotlib and pandas find out about where they are when they are imported
    os.environ["MPLBACKEND"] = matplotlib.rcParams["backend"] = INLINE
    pd.set_option("display.max_columns", 20)
    with threadpool_limits(1):
        IPKernelApp.launch_instance(argv=arguments)

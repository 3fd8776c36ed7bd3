"""Find uv, or install a pinned one into .uv/, and print where it is.

This is the one script that has to run before the environment exists, so it uses nothing but the
standard library and runs on any Python 3.6 or newer. Everything after it runs on the Python 3.11
that uv provides.
"""

import os
import re
import shutil
import subprocess
import sys

PINNED = "0.13.9"
OLDEST = (0, 8)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, ".uv")
PROGRAM = os.path.join(FOLDER, "bin", "uv")

WHAT_TO_INSTALL = """
uv could not be installed: {why}
Any one of these mends it; then run make again.
  Debian or Ubuntu    apt-get install python3-venv
  anywhere            install uv itself, https://docs.astral.sh/uv/
"""


def version(program: str) -> "tuple[int, ...] | None":
    """The version of a uv program as a tuple, or None where it is no uv, or does not start."""
    try:
        answer = subprocess.run(
            [program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None
    found = re.match(r"uv (\d+)\.(\d+)\.(\d+)", answer.stdout.decode(errors="replace"))
    return tuple(int(part) for part in found.groups()) if found else None


def good_enough(program: str) -> bool:
    """Whether this uv reads our lock: an old one does not know dependency groups well."""
    return (version(program) or (0,)) >= OLDEST


def run(command: "list[str]") -> bool:
    """Run a step of the installation; its output goes to stderr, since stdout is for the answer."""
    return subprocess.call(command, stdout=sys.stderr) == 0


def quiet(command: "list[str]") -> bool:
    """Whether a command succeeds, without a word."""
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def as_root() -> bool:
    """Whether packages of Debian can be installed here."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install() -> None:
    """Install the pinned uv into .uv/, in the first way that this Python allows.

    A plain Debian splits venv and pip off from Python 3. As root, as in a container, its package is
    installed first.
    """
    wanted = ["--quiet", "--only-binary", ":all:", "uv==" + PINNED]
    inner = os.path.join(FOLDER, "bin", "python")
    has_venv = quiet([sys.executable, "-c", "import ensurepip, venv"])
    has_pip = quiet([sys.executable, "-m", "pip", "--version"])
    if not has_venv and not has_pip and as_root():
        run(["apt-get", "update", "-qq"])
        has_venv = run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "python3-venv"]
        )
    shutil.rmtree(FOLDER, ignore_errors=True)
    if has_venv:
        if run([sys.executable, "-m", "venv", FOLDER]) and run(
            [inner, "-m", "pip", "install"] + wanted
        ):
            return
        shutil.rmtree(FOLDER, ignore_errors=True)
    if not has_pip:
        sys.exit(
            WHAT_TO_INSTALL.format(
                why="this Python has no working venv and no pip (" + sys.executable + ")."
            )
        )
    if not run([sys.executable, "-m", "pip", "install", "--target", FOLDER] + wanted):
        sys.exit(WHAT_TO_INSTALL.format(why="pip said no, see above."))


def main() -> None:
    """Print where uv is; install it if there is none that will do."""
    on_path = shutil.which("uv")
    if on_path and good_enough(on_path):
        print(on_path)
        return
    if version(PROGRAM) != tuple(int(part) for part in PINNED.split(".")):
        sys.stderr.write(f"Installing uv {PINNED} into .uv/\n")
        install()
        if not good_enough(PROGRAM):
            sys.exit(WHAT_TO_INSTALL.format(why="what pip installed does not start."))
    print(PROGRAM)


if __name__ == "__main__":
    main()

"""Find a Chromium or Chrome for the checks of the website, or install one.

The checks look at pages in a real browser and must never pass without one, so `make test` calls
this first and
stops when it ends in an error. From Python: `tools.setup.chromium.find()`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

PLAYWRIGHT = (sys.executable, "-m", "playwright")

NO_DRIVER = """\
Playwright, which drives the browser for the website's checks, does not start: {why}
On a small Debian or Ubuntu this mends it, as root; then run make again:
  apt-get install libatomic1"""

NOT_FOUND = """\
The website's checks need Chromium or Chrome, and none could be found or installed.
Install one and run make again:
  Debian          apt-get install chromium   (as root)
  elsewhere       https://www.google.com/chrome/,
                  or .venv/bin/playwright install --with-deps chromium
One that stands in an unusual place is named by CHROMIUM: make test CHROMIUM=path/to/chrome"""


def starts(program: str) -> bool:
    """Whether this is a browser that runs here.

    A stub that points to a shop, or one that lacks libraries, is none.
    """
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "chrom" in answer.stdout.lower()


def playwrights_own() -> str | None:
    """Where Playwright puts its Chromium, whether it is there or not."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def driver_starts() -> bool:
    """Whether Playwright's own program runs here, without which no browser is of use."""
    return subprocess.run([*PLAYWRIGHT, "--version"], capture_output=True).returncode == 0


def candidates() -> Iterator[str]:
    """Where a browser may be, likeliest first."""
    yield from filter(None, map(shutil.which, NAMES))
    yield from (path for path in MAC if Path(path).exists())
    own = playwrights_own() if driver_starts() else None
    if own and Path(own).exists():
        yield own


def find() -> str | None:
    """The path of a browser that starts, or None.

    The one that CHROMIUM names comes first, and is not passed over.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        path = shutil.which(named)
        if path is None or not starts(path):
            raise SystemExit(f"CHROMIUM={named} is not a browser that starts.")
        return path
    return next(filter(starts, candidates()), None)


def run(command: list[str], seconds: float = 900) -> bool:
    """Run a step of the installation, shown as it is run; False when it fails."""
    print("+", *command, file=sys.stderr, flush=True)
    try:
        done = subprocess.run(command, stdout=sys.stderr, stdin=subprocess.DEVNULL, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def may_apt() -> bool:
    """Whether packages of Debian can be installed here: as root, in a container for instance."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> bool:
    """Install packages of Debian, without asking; False when it fails."""
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run(["apt-get", "update", "-qq"])
    return run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages])


def install() -> None:
    """Try Playwright's Chromium, then, as root, Debian's package.

    What counts is whether `find` then finds one.
    """
    if run([*PLAYWRIGHT, "install", "chromium"]):
        if find():
            return
        if may_apt() and run([*PLAYWRIGHT, "install-deps", "chromium"]) and find():
            return
    if may_apt():
        apt_install("chromium", "fonts-liberation")  # without fonts a page has no lines to measure


def main() -> None:
    """Print the path of a browser that can be driven; install what is missing."""
    if not driver_starts() and may_apt():
        apt_install("libatomic1")  # the library that its Node.js wants and a small Debian lacks
    if not driver_starts():
        why = (
            subprocess.run([*PLAYWRIGHT, "--version"], capture_output=True, text=True)
            .stderr.strip()
            .splitlines()
        )
        raise SystemExit(NO_DRIVER.format(why=why[-1] if why else "it does not say why."))
    path = find()
    if path is None:
        print("No Chromium here yet: installing one.", file=sys.stderr)
        install()
        path = find()
    if path is None:
        raise SystemExit(NOT_FOUND)
    print(path)


if __name__ == "__main__":
    main()

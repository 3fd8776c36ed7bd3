"""Find a Chromium or Chrome for the checks of the website, or install one.

The checks look at pages in a real browser and must never pass without one, so `make test` calls this first and
stops when it ends in an error. From Python: `tools.chromium.find()`.
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

NOT_FOUND = """\
The website's checks need Chromium or Chrome, and none could be found or installed.
Install one and run make again:
  Debian          apt-get install chromium   (as root)
  elsewhere       https://www.google.com/chrome/, or .venv/bin/playwright install --with-deps chromium
One that stands in an unusual place is named by CHROMIUM: make test CHROMIUM=path/to/chrome"""


def starts(program: str) -> bool:
    """Whether this is a browser that runs here. A stub that points to a shop, or one that lacks libraries, is none."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "chrom" in answer.stdout.lower()


def playwrights_own() -> str | None:
    """Where Playwright puts its Chromium, whether it is there or not."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def candidates() -> Iterator[str]:
    """Where a browser may be, likeliest first."""
    yield from filter(None, map(shutil.which, NAMES))
    yield from (path for path in MAC if Path(path).exists())
    own = playwrights_own()
    if own and Path(own).exists():
        yield own


def find() -> str | None:
    """The path of a browser that starts, or None. The one that CHROMIUM names comes first, and is not passed over."""
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
        return subprocess.run(command, stdout=sys.stderr, stdin=subprocess.DEVNULL, timeout=seconds).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install() -> None:
    """Try Playwright's Chromium, then, as root, Debian's package; what counts is whether `find` then finds one."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if run(playwright):
        if find():
            return
        if root and sys.platform == "linux" and run([*playwright[:-1], "--with-deps", "chromium"]) and find():
            return
    if root and shutil.which("apt-get"):
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        run(["apt-get", "update", "-qq"])
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])


def main() -> None:
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

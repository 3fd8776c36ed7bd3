"""Look at a built site as its readers' browsers do, and say what is wrong with it.

python -m tools.site.checks SITE_DIR [PAGE ...]
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from tools.site.browser import looker, served
from tools.site.files import file_faults, pages_of


def site_faults(site: Path, names: Sequence[str] = ()) -> list[str]:
    """Everything wrong with a built site, or with the pages named."""
    faults = file_faults(site)
    with served(site) as address, looker() as look:
        for name in names or pages_of(site):
            faults += look.faults(address, name)
    return faults


if __name__ == "__main__":
    told = site_faults(Path(sys.argv[1]), sys.argv[2:])
    print("\n".join(told) or "nothing to complain about")
    sys.exit(bool(told))

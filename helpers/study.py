"""``python -m helpers.study plan`` and ``report``: the commands of the reader's own study.

In the first edition this was the name of `helpers.simulation`, which all other words lead to.
"""

from __future__ import annotations

import sys
from typing import Any

from helpers import renamed


def __getattr__(name: str) -> Any:
    return renamed.named(__name__, name)


if __name__ == "__main__":
    if sys.argv[1:2] == ["plan"]:
        from helpers.planning.command import main

        main(sys.argv[2:])
    elif sys.argv[1:2] == ["report"]:
        from helpers.own_data.command import main

        main(sys.argv[2:])
    else:
        print("helpers.study is now called helpers.simulation.", file=sys.stderr)
        from helpers.simulation import main

        main(sys.argv[1:])

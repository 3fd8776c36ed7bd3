"""What each plaything should say: a file a plaything, of its name, which `test_play.py` reads.

PAGE      where it stands
SETTINGS  at least ten, as links write them: "people=3&icc=0.5"
PLANTED   (script, old, new): a mistake in its arithmetic, which its numbers must give away
expected  (state, numbers) => by name what the module or theory says of numbers on the page:
          a value, or (value, how far off it may be)
phrases   (state, numbers) => words that its sentence must hold, with their numbers
"""

from math import floor


def percent(share, digits=0):
    """A share as the page writes it: half a percent rounds up, as in JavaScript."""
    power = 10**digits
    return f"{floor(100 * share * power + 0.5 + 1e-9) / power:.{digits}f}%"

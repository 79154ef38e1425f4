"""Play one day again and print what happened.

usage: python -m tests.sim SEED [PLANT]
"""

from __future__ import annotations

import sys
from contextlib import nullcontext

from tests.sim.plants import PLANTS
from tests.sim.world import play


def main() -> int:
    """Print the log of a seed and what was wrong; return 1 where something was."""
    named = {plant.__name__: plant for plant in PLANTS}
    with named[sys.argv[2]]() if len(sys.argv) > 2 else nullcontext():
        outcome = play(int(sys.argv[1]))
    print(*outcome.log, sep="\n")
    print(outcome.counts, outcome.digest)
    print(*(outcome.wrong or ["all is well"]), sep="\n")
    return int(bool(outcome.wrong))


if __name__ == "__main__":
    sys.exit(main())

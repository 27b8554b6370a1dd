"""The memory of all ranks together, while they compute on 6.4 GB twice, stays under 400 MB above that of an empty program.

    memory.py PROGRAM
Proportional memory (PSS: pages that several processes map are counted once), sampled every 50 ms. Prints the numbers.
"""

import os
import sys

from ranks import Run

LIMIT = 400e6
RANKS = 3


def peak(program, what):
    run = Run(program, [what], RANKS)
    if run.exit_code != 0:
        sys.exit(f"{program} {what} ended with {run.exit_code}: {run.errors}")
    return run.total, run.samples


program = os.path.realpath(sys.argv[1])
empty, _ = peak(program, "empty")
kept, _ = peak(program, "kept")
if not 80e6 < kept - empty < 200e6:
    sys.exit(f"100 MB that are kept were measured as {(kept - empty) / 1e6:.0f} MB: the measurement is wrong")
both, samples = peak(program, "both")
print(f"{RANKS} ranks: empty {empty / 1e6:.0f} MB, computing {both / 1e6:.0f} MB, difference {(both - empty) / 1e6:.0f} MB, "
      f"limit {LIMIT / 1e6:.0f} MB, {samples} samples")
if samples < 10:
    sys.exit("nothing was measured")
sys.exit(both - empty >= LIMIT)

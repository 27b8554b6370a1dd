"""Rechunk, transpose and sort of an array that is kept on the workers: none holds more than 2.5 times its share of the array, input and result included.

    share.py PROGRAM [WHAT...]
Every rank is sampled from outside every 50 ms (PSS) and compared with the same rank of a program that does nothing. argsort and unique hold places of
eight bytes beside the elements, so theirs is what the share of both comes to.
"""

import os
import sys

from ranks import Run

RANKS = 3
MEGABYTES, CHUNKS = (1600, 32) if os.environ.get("ASHLAR_TEST_LONG") else (400, 16)
FACTORS = {"rechunk": 2.5, "transpose": 2.5, "reversed": 2.5, "sort": 2.5, "argsort": 3.5, "unique": 3}
program = os.path.realpath(sys.argv[1])
only = sys.argv[2:]


def run(what):
    return Run(program, [what, str(MEGABYTES), str(CHUNKS), "--ashlar-threads=1"], RANKS)


empty = max(run("empty").peaks.values()) / 1e6
good = True
for what, factor in FACTORS.items():
    if only and what not in only:
        continue
    job = run(what)
    share = MEGABYTES / (RANKS - 1)
    largest = max(job.peaks.values(), default=0) / 1e6 - empty
    print(f"{what}: {MEGABYTES} MB in {CHUNKS} chunks on 2 workers: the largest rank held {largest:.0f} MB, {largest / share:.2f} shares, allowed {factor} "
          f"({job.samples} samples)", flush=True)
    if job.exit_code != 0 or job.samples < 5:
        print(f"  ended with {job.exit_code}: {job.errors}")
        good = False
    if largest > factor * share:
        print("  that is too much")
        good = False
    if largest < share:
        print("  that is less than a share: nothing was tried")
        good = False
sys.exit(not good)

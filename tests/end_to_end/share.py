"""Rechunk and transpose of an array that is kept on the workers: none holds more than 2.5 times the largest
share that one has of the array or of the result, both included.

    share.py PROGRAM [WHAT...]
Every rank is sampled from outside every 50 ms (PSS) and compared with the same rank of a program that does nothing. The array of the normal run is so
small that what does not grow with it (64 MiB under way, packed at one end and unpacked at the other) is allowed beside that; the long one is held to 2.5.
"""

import os
import sys

from ranks import Run

RANKS = 3
MEGABYTES, CHUNKS, FIXED = (1600, 32, 0) if os.environ.get("ASHLAR_TEST_LONG") else (960, 32, 192 * 1.048576)
FACTOR = 2.5
program = os.path.realpath(sys.argv[1])
only = sys.argv[2:]


def run(what):
    return Run(program, [what, str(MEGABYTES), str(CHUNKS), "--ashlar-threads=1"], RANKS)


empty = max(run("empty").peaks.values()) / 1e6
good = True
for what in ("rechunk", "transpose", "reversed"):
    if only and what not in only:
        continue
    job = run(what)
    if job.exit_code != 0 or job.samples < 5:
        print(f"{what} ended with {job.exit_code} after {job.samples} samples: {job.errors}")
        good = False
        continue
    share = int(job.output) / 1e6
    largest = max(job.peaks.values(), default=0) / 1e6 - empty
    print(f"{what}: {MEGABYTES} MB in {CHUNKS} chunks on 2 workers: the largest rank held {largest:.0f} MB, {largest / share:.2f} times the largest share, "
          f"{share:.0f} MB; allowed {FACTOR} and {FIXED:.0f} MB ({job.samples} samples)", flush=True)
    if largest > FACTOR * share + FIXED:
        print("  that is too much")
        good = False
    if largest < 1.5 * share or share < MEGABYTES / RANKS:
        print("  that is less than the array and its result: nothing was tried")
        good = False
sys.exit(not good)

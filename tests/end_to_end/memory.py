"""The memory of all ranks together, while they compute on 6.4 GB twice, stays under 400 MB above that of an empty program.

    memory.py PROGRAM
Proportional memory (PSS: pages that several processes map are counted once), sampled every 50 ms. Prints the numbers.
"""

import os
import shlex
import subprocess
import sys
import time

LIMIT = 400e6
INTERVAL = 0.05
RANKS = 3


def descendants(of):
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    parents[int(name)] = int(stat.read().rpartition(")")[2].split()[1])
            except OSError:
                pass
    found, todo = [], [of]
    while todo:
        parent = todo.pop()
        children = [pid for pid, p in parents.items() if p == parent]
        found += children
        todo += children
    return found


def pss(pid, program):
    try:
        if os.readlink(f"/proc/{pid}/exe") != program:
            return 0
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return next((int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss:")), 0)
    except OSError:
        return 0


def peak(program, what):
    launcher = [os.environ["MPIEXEC"], "-n", str(RANKS), *shlex.split(os.environ["ASHLAR_MPIEXEC_FLAGS"])]
    job = subprocess.Popen([*launcher, program, what], stdout=subprocess.DEVNULL)
    largest = samples = 0
    while job.poll() is None:
        largest = max(largest, sum(pss(pid, program) for pid in descendants(job.pid)))
        samples += 1
        time.sleep(INTERVAL)
    if job.returncode != 0:
        sys.exit(f"{program} {what} ended with {job.returncode}")
    return largest, samples


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

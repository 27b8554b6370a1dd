"""Kills all ranks of a program that rewrites a file, at moments spread over the rewrite; the file is always a whole version.

killed_test.py MPIEXEC REWRITE [FLAGS OF MPIEXEC...]
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

MOMENTS, SEED = 20, 4711
mpiexec, rewrite, flags = sys.argv[1], sys.argv[2], sys.argv[3:]
folder = tempfile.mkdtemp(prefix="ashlar-test-killed-")
path = os.path.join(folder, "x.h5")
log = folder + ".log"


def ranks_of(launcher):
    """Process ids of the ranks: children of the launcher that run our program."""
    children = open(f"/proc/{launcher}/task/{launcher}/children").read().split()
    return [int(c) for c in children if os.readlink(f"/proc/{c}/exe") == os.path.realpath(rewrite)]


def version_of_file():
    with h5py.File(path, "r") as file:
        data = file["x"][()]
    version = int(data[0, 0] // 1e6)
    if not numpy.array_equal(data.ravel(), version * 1e6 + numpy.arange(data.size)):
        sys.exit(f"{path} is a mixture: seed {SEED}")
    return version


def leftovers():
    return [name for name in os.listdir(folder) if name != "x.h5"]


def temporary_files():
    """Ours, without what Open MPI puts beside them to try locks."""
    return [name for name in leftovers() if name.endswith("~ashlar")]


chance = random.Random(SEED)
most_leftovers = with_leftovers = 0
for moment in range(MOMENTS):
    run = subprocess.Popen([mpiexec, "-n", "3", *flags, rewrite, path, "100000", log], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for _ in range(3):  # three whole versions, so that the kill falls into a steady series of rewrites
        if not run.stdout.readline():
            sys.exit("the program ended before it was killed")
    time.sleep(chance.uniform(0, 0.03))
    victims = ranks_of(run.pid)
    if len(victims) != 3:
        sys.exit(f"expected 3 ranks, found {victims}")
    for victim in [run.pid, *victims]:  # the launcher too, which could tidy up behind them
        os.kill(victim, signal.SIGKILL)
    run.stdout.read()
    run.wait()
    said = [int(line) for line in open(log)]
    os.remove(log)
    found = version_of_file()
    # The rename comes before the line: the file may be one version ahead of what was said.
    if found not in (said[-1], said[-1] + 1):
        sys.exit(f"after version {said[-1]} was complete the file holds {found}: seed {SEED}, moment {moment}")
    with_leftovers += bool(leftovers())
    most_leftovers = max(most_leftovers, len(temporary_files()))

if most_leftovers > 1:
    sys.exit(f"leftovers pile up: {most_leftovers}")
subprocess.run([mpiexec, "-n", "3", *flags, rewrite, path, "1", log], check=True, stdout=subprocess.DEVNULL)
if leftovers() or version_of_file() != 1:
    sys.exit(f"the next run left {leftovers()}")
shutil.rmtree(folder)
os.remove(log)
print(f"{MOMENTS} kills, {with_leftovers} left a temporary file, the next run removed it; the file was whole every time")

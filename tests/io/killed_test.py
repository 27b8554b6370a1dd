"""SIGKILL to all ranks, every third time to the launcher too, while they rewrite a file through to_hdf5: the file is a whole version every time, and the next run tidies up.

killed_test.py MPIEXEC REWRITE WORKERS_PER_FILE [FLAGS OF MPIEXEC...]

A rewrite is measured first. Then half of the kills come at even fractions of that time after a version was said to be complete, and half as
soon as the temporary file has reached its full size, or is gone: that is closing and renaming. With WORKERS_PER_FILE (not 0) the file is made
of parts: then it is whole when it and all its parts are of one version, and parts of other versions are leftovers.
"""
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

MOMENTS = 100 if os.environ.get("ASHLAR_TEST_LONG") else 20
mpiexec, rewrite, per_file, flags = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
folder = tempfile.mkdtemp(prefix="ashlar-test-io-killed-")
path = os.path.join(folder, "x.h5")


def start(versions):
    return subprocess.Popen([mpiexec, "-n", "3", *flags, rewrite, path, str(versions), per_file, "--ashlar-threads=1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def read_line(run):
    line = run.stdout.readline()
    if not line:
        sys.exit("the program ended before it was killed")
    return int(line)


def ranks_of(launcher):
    """Process ids of the ranks: children of the launcher that run our program."""
    children = open(f"/proc/{launcher}/task/{launcher}/children").read().split()
    return [int(c) for c in children if os.readlink(f"/proc/{c}/exe") == os.path.realpath(rewrite)]


def kill_and_wait(run, with_launcher):
    victims = ranks_of(run.pid)
    if len(victims) != 3:
        sys.exit(f"expected 3 ranks, found {victims}")
    for victim in [run.pid, *victims] if with_launcher else victims:
        os.kill(victim, signal.SIGKILL)
    said = [int(line) for line in run.stdout.read().split()]
    run.wait(60)
    return said


def parts():
    try:
        with h5py.File(path, "r") as file:
            return list(numpy.atleast_1d(file.attrs.get("ashlar_parts", [])))
    except FileNotFoundError:
        return []


def leftovers():
    return [name for name in os.listdir(folder) if name not in ("x.h5", *parts())]


def temporary_files():
    """Ours, without what Open MPI puts beside them to try locks."""
    return [name for name in os.listdir(folder) if name.endswith("~ashlar")]


def checksum_of_elements(values):
    return hashlib.sha256(numpy.ascontiguousarray(values).tobytes()).hexdigest()


def version_of_file():
    with h5py.File(path, "r") as file:
        data = file["x"][()]
    version = int(data[0, 0] // 1e6)
    if data.shape != (64, 4096) or checksum_of_elements(data) != checksum_of_elements(version * 1e6 + numpy.arange(64 * 4096.0)):
        sys.exit(f"{path} is a mixture")
    return version


def temporaries():
    found = []
    for name in temporary_files():
        try:
            found.append(os.stat(os.path.join(folder, name)).st_size)
        except FileNotFoundError:
            pass
    return found


run = start(8)
lines = []
while run.stdout.readline():
    lines.append(time.monotonic())
if run.wait(60) != 0 or len(lines) != 8:
    sys.exit("the program does not run")
one_write = sorted(b - a for a, b in zip(lines, lines[1:]))[3]
full_size = max(os.path.getsize(os.path.join(folder, name)) for name in ["x.h5", *parts()])

with_leftovers = replaced = 0
most_leftovers = []
for moment in range(MOMENTS):
    run = start(100000)
    said = 0
    while said < 2:
        said = read_line(run)
    if moment % 2 == 0:
        time.sleep(one_write * (moment + 0.5) / MOMENTS)
    else:
        # Closing begins when all elements are there.
        deadline = time.monotonic() + 20
        while not any(size >= full_size - 4096 for size in temporaries()) and time.monotonic() < deadline:
            pass
        if moment % 4 == 3:  # and renaming is over when the temporary name is gone
            while temporaries() and time.monotonic() < deadline:
                pass
    with_launcher = moment % 3 == 0
    said = ([said] + kill_and_wait(run, with_launcher))[-1]
    found = version_of_file()
    # The rename comes before the line: the file may be one version ahead of what was said. Lines that the launcher had are gone with it.
    if found < said or not with_launcher and found > said + 1:
        sys.exit(f"after version {said} was complete the file holds {found}, moment {moment}")
    replaced += not with_launcher and found == said + 1
    with_leftovers += bool(leftovers())
    most_leftovers = max(most_leftovers, temporary_files(), key=len)

if len(most_leftovers) > (3 if int(per_file) else 1):
    sys.exit(f"leftovers pile up: {most_leftovers}")
if start(1).wait(60) != 0 or leftovers() or version_of_file() != 1:
    sys.exit(f"the next run left {leftovers()}")
shutil.rmtree(folder)
print(f"{MOMENTS} kills over rewrites of {one_write * 1000:.0f} ms: {with_leftovers} left a temporary file, {replaced} fell behind the rename; the file was whole every time")

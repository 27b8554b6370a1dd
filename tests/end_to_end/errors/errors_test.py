"""A program that goes wrong ends on every rank: in time, not with 0, and says once what the cause is.

    errors_test.py CASE RANKS FOLDER PROGRAM PROGRAM_OF_ANOTHER_BUILD
"""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy

# What must stand in the message, once.
CAUSES = {
    "missing_csv": r"nowhere\.csv",
    "not_csv": r"picture\.csv",
    "ragged_row": r"ragged\.csv.*\bline 4\b",
    "missing_hdf5": r"nowhere\.h5",
    "not_hdf5": r"text\.h5",
    "missing_dataset": r"/?temperatures",
    "wrong_type": r"int32.*float64|float64.*int32",
    "shapes_do_not_broadcast": r"\(3, 4\).*\(3, 5\)",
    "chunks_do_not_add_up": r"chunks do not add up.*90.*100",
    "task_throws": r"the oven is cold at 451",
    "captures_by_reference": r"ValueError.*(reference|pointer)",
    "unknown_option": r"--ashlar-thread\b.*--ashlar-threads",
    "different_builds": r"\b(build|program)s?\b",
    "disk_full": r"x\.h5.*(No space left|disk full|full)",
}
TIME_LIMIT = 30

case, ranks, folder, program, other_build = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).resolve(), sys.argv[4], sys.argv[5]
launcher = [os.environ["MPIEXEC"], *shlex.split(os.environ["ASHLAR_MPIEXEC_FLAGS"])]


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=TIME_LIMIT, cwd=folder)


def checksum(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fails_well(done):
    said = done.stdout + done.stderr
    if done.returncode == 0:
        sys.exit(f"the program ended with 0\n{said}")
    # A signal is no way to end.
    if done.returncode < 0 or "Signal" in said or "terminate called" in said:
        sys.exit(f"the program was killed or crashed\n{said}")
    messages = [line for line in said.splitlines() if re.search(CAUSES[case], line)]
    if len(messages) != 1:
        sys.exit(f"{len(messages)} lines name the cause {CAUSES[case]!r}, wanted 1\n{said}")
    print(messages[0])


def make_files():
    (folder / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + numpy.random.default_rng(1).bytes(4000))
    (folder / "ragged.csv").write_text('a,b,c\n1,2,3\n"4",5,6\n7,8\n9,10,11\n')
    (folder / "text.h5").write_text("This is a letter, not a data file.\n" * 100)
    with h5py.File(folder / "x.h5", "w") as file:
        file["x"] = numpy.arange(12.0).reshape(3, 4)


def disk_full():
    """Rewrites a file with one that does not fit: the old one stays as it was, and nothing else is left."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk)
    if mounted.returncode != 0:
        print(f"skipped: no right to mount a small file system: {mounted.stderr.strip()}")
        sys.exit(77)
    try:
        small = run(*launcher, "-n", ranks, program, "write_small", disk)
        if small.returncode != 0:
            sys.exit(small.stdout + small.stderr)
        before = checksum(disk / "x.h5")
        fails_well(run(*launcher, "-n", ranks, program, "disk_full", disk))
        if checksum(disk / "x.h5") != before:
            sys.exit("the old file changed")
        left = sorted(path.name for path in disk.iterdir())
        if left != ["x.h5"]:
            sys.exit(f"left behind: {left}")
    finally:
        # Ranks that were told to end may still hold files for a moment.
        for _ in range(50):
            if run("umount", disk).returncode == 0:
                break
            time.sleep(0.1)


shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
make_files()
if case == "disk_full":
    disk_full()
elif case == "different_builds":
    fails_well(run(*launcher, "-n", 1, program, case, ":", "-n", ranks - 1, other_build, case))
elif case == "unknown_option":
    fails_well(run(*launcher, "-n", ranks, program, "nothing", "--ashlar-thread=2"))
else:
    fails_well(run(*launcher, "-n", ranks, program, case, folder))
shutil.rmtree(folder)

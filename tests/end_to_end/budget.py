"""Calculations that need several times the memory budget end inside it, and are right.

    budget.py PROGRAM
Every rank is sampled from outside every 50 ms (PSS) and compared with the same rank of a program that does nothing. What it may hold more:
the budget, an eighth of it that the pool of buffers keeps, and some blocks that are being sent, read or written.
"""

import os
import subprocess
import sys
import tempfile

from ranks import Run

RANKS = 3
LONG = os.environ.get("ASHLAR_TEST_LONG")
program = os.path.realpath(sys.argv[1])
only = sys.argv[2:]


def run(what, megabytes, budget, scratch):
    return Run(program, [what, str(megabytes), f"--ashlar-memory-limit={budget}MB", f"--ashlar-scratch={scratch}", "--ashlar-threads=1"], RANKS)


def check(what, megabytes, budget, empty):
    with tempfile.TemporaryDirectory(prefix="ashlar-test-") as scratch:
        job = run(what, megabytes, budget, scratch)
        left = os.listdir(scratch)
    block = 8 if megabytes >= 2000 else 2
    allowed = budget * 1.125 + 8 * block + 12
    largest = max(job.peaks.values(), default=0) / 1e6
    print(f"{what}: {megabytes} MB in 2 workers of {budget} MB: largest rank {largest:.0f} MB, empty {empty:.0f} MB, allowed {empty + allowed:.0f} MB, "
          f"{job.samples} samples{', ' + job.output.strip() if job.output.strip() else ''}", flush=True)
    faults = []
    if job.exit_code != 0:
        faults.append(f"ended with {job.exit_code}: {job.errors}")
    if job.samples < 5 or not job.peaks:
        faults.append("nothing was measured")
    if largest > empty + allowed:
        faults.append("a rank held too much")
    if largest < empty + budget / 2:
        faults.append("no rank came near the budget: nothing was tried")
    if left:
        faults.append(f"left in scratch: {left}")
    for fault in faults:
        print(f"  {what}: {fault}")
    return not faults


def fails(what, megabytes, budget, scratch, wanted):
    job = run(what, megabytes, budget, scratch)
    good = job.exit_code not in (0, -9) and wanted in job.errors and not job.output
    print(f"{what}, {wanted}: ended with {job.exit_code}{'' if good else ': ' + job.output + job.errors}", flush=True)
    return good


def full():
    with tempfile.TemporaryDirectory(prefix="ashlar-test-full-") as scratch:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", scratch], stderr=subprocess.DEVNULL).returncode != 0:
            print("full scratch: no right to mount a file system, not tried")
            return True
        try:
            return fails("chain", 200, 32, scratch, "No space left on device")
        finally:
            subprocess.run(["umount", scratch], check=True)


def damaged():
    with tempfile.TemporaryDirectory(prefix="ashlar-test-") as scratch:
        return fails("damaged", 200, 32, scratch, "is not what was written there")


def killed():
    """Ranks that are killed while results lie on scratch leave nothing in it."""
    with tempfile.TemporaryDirectory(prefix="ashlar-test-") as scratch:
        def spilling(pid):
            return any(os.readlink(f"/proc/{pid}/fd/{fd}").startswith(scratch) for fd in os.listdir(f"/proc/{pid}/fd"))

        seen = []

        def kill(pids):
            try:
                if any(spilling(pid) for pid in pids):
                    seen.append(pids)
                    for pid in pids:
                        os.kill(pid, 9)
            except OSError:
                pass

        words = ["chain", "4000", "--ashlar-memory-limit=32MB", f"--ashlar-scratch={scratch}", "--ashlar-threads=1"]
        job = Run(program, words, RANKS, look=kill)
        left = os.listdir(scratch)
        print(f"killed: ended with {job.exit_code}, left in scratch: {left}", flush=True)
        return bool(seen) and job.exit_code != 0 and not left


cases = [("mean", 640, 64), ("chain", 640, 32), ("temporaries", 320, 64), ("persisted", 640, 64), ("crossing", 256, 96)]
if LONG:
    cases = [("mean", 8000, 512), ("chain", 10240, 512), ("temporaries", 4096, 512), ("persisted", 4096, 512), ("crossing", 2048, 768)]
with tempfile.TemporaryDirectory() as scratch:
    empty = max(run("empty", 1, 64, scratch).peaks.values()) / 1e6
good = [check(*case, empty) for case in cases if not only or case[0] in only]
good += [fault() for fault in (full, damaged, killed) if not only or fault.__name__ in only]
sys.exit(not all(good))

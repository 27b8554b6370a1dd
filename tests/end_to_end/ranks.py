"""A program on ranks, and the memory of each of them, sampled from outside."""

import os
import shlex
import subprocess
import sys
import time

INTERVAL = 0.05


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
    """Proportional memory (pages that several processes map are counted once); 0 for other programs."""
    try:
        if os.readlink(f"/proc/{pid}/exe") != program:
            return 0
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return next((int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss:")), 0)
    except OSError:
        return 0


class Run:
    """Runs `program words…` on ranks to its end. `peaks`: of each process the most it held; `total`: of all at a time.
    `look`: called with the processes of the program at each sample."""

    def __init__(self, program, words, ranks, timeout=600, look=None):
        launcher = [os.environ["MPIEXEC"], "-n", str(ranks), *shlex.split(os.environ["ASHLAR_MPIEXEC_FLAGS"])]
        self.job = subprocess.Popen([*launcher, program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.total = self.samples = 0
        self.peaks = {}
        end = time.time() + timeout
        while self.job.poll() is None:
            if time.time() > end:
                self.job.kill()
                sys.exit(f"{' '.join(words)} did not end in {timeout} s")
            now = {pid: pss(pid, program) for pid in descendants(self.job.pid)}
            self.total = max(self.total, sum(now.values()))
            for pid, size in now.items():
                if size:
                    self.peaks[pid] = max(self.peaks.get(pid, 0), size)
            self.samples += 1
            if look:
                look([pid for pid, size in now.items() if size])
            time.sleep(INTERVAL)
        self.output, self.errors = self.job.communicate()
        self.exit_code = self.job.returncode

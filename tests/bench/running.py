"""Runs a benchmark program and reads its lines."""
import json
import os
import subprocess
import sys


def run(words, ranks=0, seconds=120):
    """The JSON lines, and what was printed on stderr."""
    mpiexec = [os.environ["MPIEXEC"], "-n", str(ranks), *os.environ["ASHLAR_MPIEXEC_FLAGS"].split()] if ranks else []
    done = subprocess.run(mpiexec + [str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds)
    check(done.returncode == 0, f"{words} on {ranks} ranks: exit code {done.returncode}", done.stdout, done.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        check("error" not in line, f"{line['workload']} on {ranks} ranks: {line.get('error')}")
    return lines, done.stderr


def check(holds, what, *shown):
    if not holds:
        sys.exit("FAILED: " + what + "".join(f"\n{s}" for s in shown))

"""Runs a program on some ranks (0: without mpirun) in a folder, and gives back what it printed."""
import os
import shlex
import subprocess
import sys

try:
    import h5py  # noqa: F401  (the tests read files with it)
    import numpy  # noqa: F401
except ImportError:
    print("h5py and NumPy are needed")
    sys.exit(77)


def run(program, ranks, folder, *arguments, status=0):
    command = [program, *map(str, arguments), "--ashlar-threads=2"]
    if ranks:
        command = [os.environ["MPIEXEC"], "-n", str(ranks), *shlex.split(os.environ.get("ASHLAR_MPIEXEC_FLAGS", "")), *command]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=150)
    if done.returncode != status:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}, not {status}:\n{done.stdout}")
    return done.stdout


def check(what, holds):
    if not holds:
        sys.exit(f"wrong: {what}")

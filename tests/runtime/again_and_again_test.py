"""Starts and stops in a row leave no process (each start looks for its own, by a mark in their environment), and nothing in the temporary folder or in /dev/shm: 30, 100 with ASHLAR_TEST_LONG.

    again_and_again_test.py PROGRAM
"""
import os
import sys
import tempfile
import time

from programs import check, run

program = sys.argv[1]
times = 100 if os.environ.get("ASHLAR_TEST_LONG") else 30


def shared_memory():
    return set(os.listdir("/dev/shm"))


def without_owner(names):
    """Those of /dev/shm that no living process has mapped: other programs come and go meanwhile."""
    mapped = ""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/maps") as file:
                mapped += file.read()
        except OSError:
            pass
    return {name for name in names if f"/dev/shm/{name}" not in mapped}


def system_v_segments():
    """System V shared memory without a process attached, by key and id."""
    with open("/proc/sysvipc/shm") as file:
        return {(line.split()[0], line.split()[1]) for line in file.readlines()[1:] if line.split()[6] == "0"}


with tempfile.TemporaryDirectory(prefix="ashlar-test-again-") as folder:
    before, segments = shared_memory(), system_v_segments()
    for number in range(times):
        words, code = ((["return", "0"], 0), (["workers"], 0), (["throw"], 1), (["traffic", "7t"], 1))[number % 4]
        got, out, err = run([program, *words], ranks=(0, 3, 2)[number % 3], environment={"TMPDIR": folder, "ASHLAR_THREADS": str(1 + number % 2)})
        check(got == code, f"start {number}, {words}: exit code {got}, wanted {code}", out, err)
    left = shared_memory() - before
    if without_owner(left):
        time.sleep(1)
        left = without_owner(left & shared_memory())
        check(not left, f"left in /dev/shm: {left}")
    check(not system_v_segments() - segments, f"left of System V shared memory: {system_v_segments() - segments}")
    left = [os.path.join(at, name) for at, folders, names in os.walk(folder) for name in folders + names]
    check(not left, f"left in the temporary folder: {left}")
print(f"{times} starts and stops left nothing")

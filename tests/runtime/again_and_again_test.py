"""Thirty starts and stops leave no process, and nothing in the temporary folder or in /dev/shm.    again_and_again_test.py PROGRAM"""
import os
import sys
import tempfile
import time

from programs import check, run

program = sys.argv[1]


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


with tempfile.TemporaryDirectory(prefix="ashlar-test-again-") as folder:
    before = shared_memory()
    for number in range(30):
        words = (["return", "0"], ["workers"], ["throw"])[number % 3]
        code, out, err = run([program, *words], ranks=(0, 3)[number % 2], environment={"TMPDIR": folder})
        check(code == (words == ["throw"]), f"start {number}: exit code {code}", out, err)
    left = shared_memory() - before
    if without_owner(left):
        time.sleep(1)
        left = without_owner(left & shared_memory())
        check(not left, f"left in /dev/shm: {left}")
    files = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    check(not files, f"left in the temporary folder: {files}")
print("30 starts and stops left nothing")

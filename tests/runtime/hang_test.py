"""Who waits for what: printed when nothing moves, and at Ctrl-\\, which ends nothing.    hang_test.py PROGRAM"""
import os
import re
import signal
import sys
import tempfile
import time

from programs import Started, check, run

program = sys.argv[1]
with tempfile.TemporaryDirectory(prefix="ashlar-test-hang-") as folder:
    dot = os.path.join(folder, "waiting.dot")
    for ranks in (0, 3):
        settings = {"ASHLAR_HANG_AFTER": "500ms", "ASHLAR_HANG_DOT": dot, "ASHLAR_THREADS": "1"}
        code, out, err = run([program, "sleep", "3"], ranks, settings)
        check(code == 0, f"sleep on {ranks} ranks: exit code {code}", out, err)
        check(err.count("nothing has moved for 0.5 s") == 1, f"sleep on {ranks} ranks: a task that blocks is not told once", err)
        check(re.search(r"task \d+ \(.*\) has been running for [\d.]+ s, uses \d+ % of a core", err), "the task that blocks is not named", err)
        with open(dot) as file:
            check(file.read().startswith("digraph waiting {"), "no graph was drawn")
        os.remove(dot)

        code, out, err = run([program, "spin", "2"], ranks, settings)
        check(code == 0 and err == "", f"spin on {ranks} ranks: a task that computes is taken for one that hangs", code, err)

        started = Started([program, "sleep", "4"], ranks, {"ASHLAR_HANG_DOT": "none", "ASHLAR_THREADS": "1"})
        check(started.process.stdout.readline() == "started\n", "the program did not start")
        time.sleep(0.3)
        # Rank 0 is the process that mpirun started first; the others do not mind the signal.
        for pid in sorted(started.ranks_running(program)):
            os.kill(pid, signal.SIGQUIT)
        code, out, err = started.end()
        check(code == 0, f"Ctrl-\\ on {ranks} ranks: exit code {code}", out, err)
        check(err.count("ashlar: who waits for what:\n") == 1, f"Ctrl-\\ on {ranks} ranks prints nothing, or more than once", err)
        check(len(re.findall(r"^worker \d+ \(", err, re.M)) == max(1, ranks - 1), "not every worker is there", err)
        started.nothing_left()
print("who waits for what is told")

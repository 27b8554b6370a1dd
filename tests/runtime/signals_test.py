"""Ctrl-C: the program ends soon, non-zero, and leaves neither processes nor temporary files.    signals_test.py PROGRAM"""
import os
import signal
import sys
import tempfile
import time

from programs import Started, check

program = sys.argv[1]
LIMIT = 10  # seconds


def ended_by(words, ranks, number, ready, to_rank_0=False):
    started = Started([program, *words, "--ashlar-threads=1"], ranks)
    ready(started)
    begin = time.monotonic()
    # Rank 0 is the process that mpirun started first.
    victim = min(started.ranks_running(program)) if to_rank_0 else started.process.pid
    os.kill(victim, number)
    code, out, err = started.end(LIMIT + 20)
    took = time.monotonic() - begin
    what = f"{words} on {ranks} ranks, {signal.Signals(number).name}{' to rank 0' if to_rank_0 else ''}"
    check(took < LIMIT, f"{what}: took {took:.1f} s", out, err)
    check(code != 0, f"{what}: exit code 0", out, err)
    started.nothing_left(LIMIT - took)
    print(f"{what}: {took:.1f} s, exit code {code}")


def has_said_started(started):
    check(started.process.stdout.readline() == "started\n", "the program did not start")


with tempfile.TemporaryDirectory(prefix="ashlar-test-signals-") as folder:
    file = os.path.join(folder, "x.h5")

    def writes(started):
        deadline = time.monotonic() + 60
        while not [n for n in os.listdir(folder) if n.endswith("~ashlar")]:
            check(time.monotonic() < deadline and started.process.poll() is None, "no file is being written")
            time.sleep(0.01)
        time.sleep(0.1)

    for ranks in (0, 3):
        ended_by(["sleep", "60"], ranks, signal.SIGINT, has_said_started)
        ended_by(["client-sleeps", "60"], ranks, signal.SIGINT, has_said_started)
        for number in (signal.SIGINT, signal.SIGTERM):
            ended_by(["write", file], ranks, number, writes)
            check(os.listdir(folder) in ([], ["x.h5"]), f"left behind: {os.listdir(folder)}")
    ended_by(["write", file], 3, signal.SIGTERM, writes, to_rank_0=True)
    check(os.listdir(folder) in ([], ["x.h5"]), f"left behind: {os.listdir(folder)}")

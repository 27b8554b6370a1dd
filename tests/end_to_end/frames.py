"""The fifteen questions of db-benchmark, asked of CSV files by workers that have little memory: they end, are right, and stay inside it.

    frames.py BENCH [QUESTION…]
What a worker's process may hold is named twice as high as the budget of its results: tasks and what is being sent take the other half. Answers
stay where they are (persisted) and are compared by their sums with those that frame_tables.py works out. ASHLAR_TEST_LONG=1: ten million rows,
256 MiB a worker; ten million different keys (groupby_q10, join_q5) are among that. ASHLAR_FRAME_ROWS: other sizes.
"""

import json
import math
import os
import sys
import tempfile

import frame_tables
from ranks import Run

LONG = os.environ.get("ASHLAR_TEST_LONG")
ROWS = int(os.environ.get("ASHLAR_FRAME_ROWS", 10_000_000 if LONG else 700_000))
PROCESS_MIB, BLOCK_MIB = (256, 8) if ROWS >= 5_000_000 else (64, 4)
program = os.path.realpath(sys.argv[1])
only = sys.argv[2:]


def close(found, wanted):
    if isinstance(wanted, int):
        return found == wanted
    return isinstance(found, (int, float)) and math.isclose(found, wanted, rel_tol=1e-12)


def ask(questions, folder):
    with tempfile.TemporaryDirectory(prefix="ashlar-test-") as scratch:
        words = ["--from-csv", "--data", folder, "--repeats", "0", "--block-mib", str(BLOCK_MIB), "--ashlar-threads=1",
                 f"--ashlar-memory-limit={PROCESS_MIB // 2}MiB", f"--ashlar-scratch={scratch}", *questions]
        job = Run(program, words, 3, timeout=3600 if LONG else 600)
        left = os.listdir(scratch)
    return job, left


def check(questions, folder, wanted):
    job, left = ask(questions, folder)
    faults = []
    if job.exit_code != 0:
        faults.append(f"ended with {job.exit_code}: {job.errors}")
    if left:
        faults.append(f"left in scratch: {left}")
    lines = {line["workload"]: line for line in map(json.loads, job.output.splitlines())}
    for name in questions:
        line = lines.get(name, {"error": "no answer"})
        if "error" in line:
            faults.append(f"{name}: {line['error']}")
        elif set(line["result"]) != set(wanted[name]) or not all(close(line["result"][key], value) for key, value in wanted[name].items()):
            faults.append(f"{name}: answered {line['result']}, wanted {wanted[name]}")
    peaks = sorted((size / 2**20 for size in job.peaks.values()), reverse=True)
    if len(peaks) != 3 or job.samples < 5:
        faults.append("not every rank was measured")
    elif peaks[0] > PROCESS_MIB:
        faults.append(f"a worker held {peaks[0]:.0f} MiB, allowed are {PROCESS_MIB}")
    seconds = sum(sum(line.get("seconds", [])) for line in lines.values())
    print(f"{' '.join(questions) if len(questions) < 4 else 'all questions'}: {seconds:.1f} s, ranks held {', '.join(f'{p:.0f}' for p in peaks)} MiB of {PROCESS_MIB}, "
          f"{job.samples} samples", flush=True)
    for fault in faults:
        print("  " + fault)
    return not faults, peaks[0] if peaks else 0


with tempfile.TemporaryDirectory(prefix="ashlar-test-frames-") as data:
    answers = frame_tables.make(data, ROWS)
    names = [name for name in answers if not only or name in only]
    # In little time all of them in one job; else each in its own, so that one sees which holds how much.
    done = [check([name], data, answers) for name in names] if LONG else [check(names, data, answers)]
good = all(right for right, _ in done)
if not only and max(peak for _, peak in done) < PROCESS_MIB / 2:
    print("no worker came near what it may hold: nothing was tried")
    good = False
sys.exit(not good)

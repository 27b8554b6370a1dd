"""The fifteen questions of db-benchmark, asked of CSV files by workers that have little memory: they end, are right, and stay inside it.

    frames.py BENCH [QUESTION…]
What a worker's process may hold is named twice as high as the budget of its results: tasks and what is being sent take the other half. Answers
stay where they are (persisted) and are compared by their sums with those that frame_tables.py works out. ASHLAR_TEST_LONG=1: a million groups of
a million rows, then all questions on ten million rows with 256 MiB a worker, of which groupby_q10 and join_q5 have ten million different keys.
"""

import json
import math
import os
import sys
import tempfile

import frame_tables
from ranks import Run

LONG = os.environ.get("ASHLAR_TEST_LONG")
program = os.path.realpath(sys.argv[1])
only = sys.argv[2:]


def close(found, wanted):
    if isinstance(wanted, int):
        return found == wanted
    return isinstance(found, (int, float)) and math.isclose(found, wanted, rel_tol=1e-12)


def ask(questions, folder, mib, block_mib):
    with tempfile.TemporaryDirectory(prefix="ashlar-test-") as scratch:
        words = ["--from-csv", "--data", folder, "--repeats", "0", "--block-mib", str(block_mib), "--ashlar-threads=1",
                 f"--ashlar-memory-limit={mib // 2}MiB", f"--ashlar-scratch={scratch}", *questions]
        job = Run(program, words, 3, timeout=3600 if LONG else 600)
        left = os.listdir(scratch)
    return job, left


def check(questions, folder, wanted, mib, block_mib):
    """Whether all was right, and the most that a rank held."""
    job, left = ask(questions, folder, mib, block_mib)
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
    elif peaks[0] > mib:
        faults.append(f"a worker held {peaks[0]:.0f} MiB, allowed are {mib}")
    seconds = sum(sum(line.get("seconds", [])) for line in lines.values())
    print(f"{' '.join(questions) if len(questions) < 4 else 'all questions'}: {seconds:.1f} s, ranks held {', '.join(f'{p:.0f}' for p in peaks)} MiB of {mib}, "
          f"{job.samples} samples", flush=True)
    for fault in faults:
        print("  " + fault)
    return not faults, peaks[0] if peaks else 0


def form(rows, questions, mib, block_mib, together):
    """`together`: all questions in one job; else each in its own, so that one sees which holds how much."""
    with tempfile.TemporaryDirectory(prefix="ashlar-test-frames-") as data:
        answers = frame_tables.make(data, rows)
        names = [name for name in answers if not questions or name in questions]
        print(f"{rows} rows", flush=True)
        done = [check(each, data, answers, mib, block_mib) for each in ([names] if together else [[name] for name in names])]
    if not questions and max(peak for _, peak in done) < mib / 2:
        print("no worker came near what it may hold: nothing was tried")
        return False
    return all(right for right, _ in done)


if LONG:
    good = form(1_000_000, only or ["groupby_q10"], 64, 4, True) and form(10_000_000, only, 256, 8, False)
else:
    good = form(700_000, only, 64, 4, True)
sys.exit(not good)

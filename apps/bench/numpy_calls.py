#!/usr/bin/env python3
"""Times NumPy on the forty calls of `bench numpy` and compares.

    mpirun -n 2 --oversubscribe --bind-to none bench --ashlar-threads=1 numpy > ashlar.json
    numpy_calls.py ashlar.json        NumPy's seconds over Ashlar's for each call, best of twice ten; ends with 1 below the bars

Bars: none below 0.7, at most four below 0.9.
"""

import json
import math
import os
import sys
import time

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[library + "_NUM_THREADS"] = "1"
import numpy as np

n, rows, columns, passes, repeats = 10_000_000, 3200, 3125, 2, 10


def wave(step):
    v = np.arange(float(n)) * step
    return v - np.floor(v) + 0.5


a, b = wave(0.6180339887498949), wave(0.4142135623730951)
f = a.astype(np.float32)
i = (a * 1000).astype(np.int32)
k = (b * 1000).astype(np.int64)
m = a.reshape(rows, columns)
flags = a < b
calls = {
    "a + b": lambda: a + b, "a - 1.5": lambda: a - 1.5, "a * b": lambda: a * b, "a / b": lambda: a / b, "a * 2 + 1": lambda: a * 2 + 1,
    "a ** 2": lambda: a**2, "-a": lambda: -a, "abs(a)": lambda: np.abs(a), "sqrt(a)": lambda: np.sqrt(a), "exp(a)": lambda: np.exp(a),
    "log(a)": lambda: np.log(a), "sin(a)": lambda: np.sin(a), "cos(a)": lambda: np.cos(a), "tanh(a)": lambda: np.tanh(a),
    "floor(a)": lambda: np.floor(a), "round(a)": lambda: np.round(a), "maximum(a, b)": lambda: np.maximum(a, b),
    "clip(a, 0.7, 1.2)": lambda: np.clip(a, 0.7, 1.2), "where(a < b, a, b)": lambda: np.where(a < b, a, b), "a < b": lambda: a < b,
    "isnan(a)": lambda: np.isnan(a), "a.astype(float32)": lambda: a.astype(np.float32), "f + f": lambda: f + f, "i + i": lambda: i + i,
    "i // 7": lambda: i // 7, "flags & flags": lambda: flags & ~flags, "a.sum()": lambda: a.sum(), "a.mean()": lambda: a.mean(),
    "a.std()": lambda: a.std(), "a.min()": lambda: a.min(), "a.argmax()": lambda: a.argmax(), "f.sum()": lambda: f.sum(),
    "k.sum()": lambda: k.sum(), "count_nonzero(flags)": lambda: np.count_nonzero(flags), "dot(a, b)": lambda: np.dot(a, b),
    "m.sum(axis=0)": lambda: m.sum(axis=0), "m.sum(axis=1)": lambda: m.sum(axis=1), "a.cumsum()": lambda: np.cumsum(a),
    "m.T + 0": lambda: np.ascontiguousarray(m.T) + 0.0, "median(a)": lambda: np.median(a),
}


def best(call):
    least = math.inf
    for number in range(repeats + 1):
        start = time.perf_counter()
        call()
        if number:
            least = min(least, time.perf_counter() - start)
    return least


ours = {}
for line in open(sys.argv[1]):
    if line.startswith("{"):
        record = json.loads(line)
        if record.get("workload") == "numpy":
            ours = {name: seconds for name, seconds in record["extra"].items() if name != "warm_up"}
if set(ours) != set(calls):
    sys.exit(f"the calls are not the same: {sorted(set(ours) ^ set(calls))}")
ratios = {}
print(f"NumPy {np.__version__}")
times = {name: best(call) for name, call in calls.items()}
for _ in range(1, passes):  # a second time when all have run: see numpy.cpp
    times = {name: min(times[name], best(call)) for name, call in calls.items()}
for name, theirs in times.items():
    ratios[name] = theirs / ours[name]
    print(f"{name:24s} numpy {theirs * 1e3:8.2f} ms  ashlar {ours[name] * 1e3:8.2f} ms  {ratios[name]:5.2f}")
low, lower = [name for name in ratios if ratios[name] < 0.9], [name for name in ratios if ratios[name] < 0.7]
print(f"{len(ratios)} calls; geometric mean {math.exp(sum(map(math.log, ratios.values())) / len(ratios)):.2f}; below 0.9: {low}; below 0.7: {lower}")
sys.exit(1 if lower or len(low) > 4 else 0)

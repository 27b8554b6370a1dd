"""The tables of db-benchmark as CSV files, and what its fifteen questions answer, worked out with NumPy alone.

Number i of a column is a hash of i (as the frame workloads of `bench` describe them), so tables of one size are always the same.
An answer is the number of rows and the sums of columns, each sum rounded once (fsum).
"""

import math
import os
from concurrent.futures import ProcessPoolExecutor

import numpy as np

FILES = 8
GROUPBY = ["id1", "id2", "id3", "id4", "id5", "id6", "v1", "v2", "v3"]
JOIN = {
    "x": ["id1", "id2", "id3", "id4", "id5", "id6", "v1"],
    "small": ["id1", "id4", "v2"],
    "medium": ["id1", "id2", "id4", "id5", "v2"],
    "big": ["id1", "id2", "id3", "id4", "id5", "id6", "v2"],
}


def bits(stream, count):
    z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(stream * 0xD1B54A32D192ED03 % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def below(stream, count, n):
    return ((bits(stream, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53 * n).astype(np.int64)


def permutation(stream, count):
    return np.argsort(bits(stream, count), kind="stable")


def write_rows(path, names, columns, formats):
    line = ",".join(formats) + "\n"
    with open(path, "w") as file:
        file.write(",".join(names) + "\n")
        for first in range(0, len(columns[0]), 100_000):
            file.write("".join([line % row for row in zip(*[c[first:first + 100_000].tolist() for c in columns])]))


def write_table(pool, folder, table, names, columns, formats):
    """In up to eight files; the jobs under way."""
    os.makedirs(folder, exist_ok=True)
    rows = len(columns[0])
    files = min(FILES, max(1, rows // 1000))
    at = [rows * i // files for i in range(files + 1)]
    return [pool.submit(write_rows, os.path.join(folder, f"{table}.{i}.csv"), names, [c[at[i]:at[i + 1]] for c in columns], formats) for i in range(files)]


def ends(*keys):
    """Rows in order of the keys, the first row of each group among them, and one behind the last."""
    order = np.lexsort(keys[::-1])
    new = np.zeros(len(order), dtype=bool)
    new[:1] = True
    for key in keys:
        new[1:] |= key[order[1:]] != key[order[:-1]]
    return order, np.append(np.flatnonzero(new), len(order))


def means(group, values):
    count = np.bincount(group)
    return np.bincount(group, weights=values)[count > 0] / count[count > 0]


def groupby_answers(x):
    """`x`: columns as numbers; v3 in millionths."""
    n = len(x["v1"])
    v3 = x["v3"] / 1e6
    sums = {name: int(x[name].sum()) for name in ("v1", "v2")}
    # Of whole numbers the sum is exact, and that of millionths is divided once.
    total = int(x["v3"].sum()) / 1e6

    def distinct(*names):
        return len(ends(*[x[name] for name in names])[1]) - 1

    def mean(key, name):
        return math.fsum(means(x[key], x[name])) / (1e6 if name == "v3" else 1)

    out = {
        "groupby_q1": {"rows": distinct("id1"), "v1": sums["v1"]},
        "groupby_q2": {"rows": distinct("id1", "id2"), "v1": sums["v1"]},
        "groupby_q3": {"rows": distinct("id3"), "v1": sums["v1"], "v3": mean("id3", "v3")},
        "groupby_q4": {"rows": distinct("id4"), **{name: mean("id4", name) for name in ("v1", "v2", "v3")}},
        "groupby_q5": {"rows": distinct("id6"), **sums, "v3": total},
    }
    order, at = ends(x["id4"], x["id5"])
    median, deviation = [], []
    for first, last in zip(at[:-1], at[1:]):
        values = v3[order[first:last]]
        median.append(np.median(values))
        if len(values) > 1:
            deviation.append(np.std(values, ddof=1))
    out["groupby_q6"] = {"rows": len(median), "median": math.fsum(median), "sd": math.fsum(deviation)}
    order, at = ends(x["id3"])
    highest = np.maximum.reduceat(x["v1"][order], at[:-1])
    lowest = np.minimum.reduceat(x["v2"][order], at[:-1])
    out["groupby_q7"] = {"rows": len(highest), "range": int((highest - lowest).sum())}
    order = np.lexsort((x["v3"], x["id6"]))
    last = np.flatnonzero(np.append(x["id6"][order][1:] != x["id6"][order][:-1], True))
    first = np.append(0, last[:-1] + 1)
    largest = np.concatenate([order[last], order[last[last > first] - 1]])
    out["groupby_q8"] = {"rows": len(largest), "v3": int(x["v3"][largest].sum()) / 1e6}
    group = x["id2"] * 1000 + x["id4"]
    a, b = x["v1"], x["v2"]
    count = np.bincount(group)
    used = count > 0
    s = {name: np.bincount(group, weights=values)[used] for name, values in (("a", a), ("b", b), ("aa", a * a), ("bb", b * b), ("ab", a * b))}
    count = count[used].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = (count * s["ab"] - s["a"] * s["b"]) ** 2 / ((count * s["aa"] - s["a"] ** 2) * (count * s["bb"] - s["b"] ** 2))
    out["groupby_q9"] = {"rows": len(r2), "r2": math.fsum(r2)}
    out["groupby_q10"] = {"rows": distinct("id1", "id2", "id3", "id4", "id5", "id6"), "v3": total, "count": n}
    return out


def groupby(folder, rows, pool):
    few, many = 100, rows // 100
    x = {
        "id1": 1 + below(11, rows, few), "id2": 1 + below(12, rows, few), "id3": 1 + below(13, rows, many),
        "id4": 1 + below(14, rows, few), "id5": 1 + below(15, rows, few), "id6": 1 + below(16, rows, many),
        "v1": 1 + below(17, rows, 5), "v2": 1 + below(18, rows, 15), "v3": below(19, rows, 100_000_000),
    }
    formats = ["id%03d", "id%03d", "id%010d", "%d", "%d", "%d", "%d", "%d", "%.6f"]
    written = write_table(pool, folder, "x", GROUPBY, [x[name] for name in GROUPBY[:-1]] + [x["v3"] / 1e6], formats)
    answers = groupby_answers(x)
    for job in written:
        job.result()
    return answers


def join(folder, rows, pool):
    counts = [max(1, rows // 1_000_000), max(1, rows // 1000), rows]
    ids = [1 + below(21, rows, counts[0]), 1 + below(22, rows, counts[1]), 1 + permutation(23, rows)]
    v1 = below(24, rows, 100_000_000)

    def written(table, keys, values):
        texts = ["id%d"] * len(keys)
        return write_table(pool, folder, table, JOIN[table], [*keys, *keys, values / 1e6], ["%d"] * len(keys) + texts + ["%s"])

    jobs = written("x", ids, v1)
    answers = {}
    for place, table in enumerate(["small", "medium", "big"]):
        n = counts[place]
        common = math.ceil(0.9 * n)
        own = np.concatenate([np.arange(1, common + 1), np.arange(n + 1, n + 1 + n - common)])[permutation(31 + place, n)]
        keys = [1 + below(41 + 10 * place + position, n, counts[position]) for position in range(place)] + [own]
        v2 = below(34 + place, n, 100_000_000)
        jobs += written(table, keys, v2)
        of_key = np.full(2 * n + 1, -1)
        of_key[own] = v2
        met = of_key[ids[place]]
        there = met >= 0
        inner = {"rows": int(there.sum()), "v1": int(v1[there].sum()) / 1e6, "v2": int(met[there].sum()) / 1e6}
        left = {"rows": rows, "v1": int(v1.sum()) / 1e6, "v2": inner["v2"]}
        answers.update({"small": {"join_q1": inner}, "medium": {"join_q2": inner, "join_q3": left, "join_q4": inner}, "big": {"join_q5": inner}}[table])
    for job in jobs:
        job.result()
    return answers


def make(folder, rows):
    """Writes groupby-small and join-small below `folder`; returns the answers by question."""
    with ProcessPoolExecutor(2) as pool:
        return {**groupby(os.path.join(folder, "groupby-small"), rows, pool), **join(os.path.join(folder, "join-small"), rows, pool)}

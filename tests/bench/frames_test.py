"""The workloads on frames answer as plain loops over small tables do, on any number of ranks.    frames_test.py BENCH"""
import math
import random
import statistics
import struct
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from running import check, run

bench = sys.argv[1]
draw = random.Random(5)


def npy(path, descr, values, form):
    head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({len(values)},), }}"
    head += " " * ((-len(head) - 11) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack(f"<{len(values)}{form}", *values))


def write(folder, name, columns):
    folder.mkdir(exist_ok=True)
    for column, values in columns.items():
        base = folder / f"{name}.{column}"
        if isinstance(values[0], str):
            levels = sorted(set(values))
            npy(Path(f"{base}.codes.npy"), "<i4", [levels.index(v) for v in values], "i")
            text = "".join(level.ljust(8, "\0") for level in levels).encode()
            npy(Path(f"{base}.levels.npy"), "|S8", [], "i")
            head = Path(f"{base}.levels.npy").read_bytes().replace(b"(0,)", f"({len(levels)},)".encode(), 1)
            Path(f"{base}.levels.npy").write_bytes(head[:8] + struct.pack("<H", len(head) - 10) + head[10:] + text)
        elif isinstance(values[0], int):
            npy(Path(f"{base}.npy"), "<i8", values, "q")
        else:
            npy(Path(f"{base}.npy"), "<f8", values, "d")


def table(n, texts, numbers, values):
    out = {name: [f"id{draw.randrange(most):03}" for _ in range(n)] for name, most in texts.items()}
    out |= {name: [draw.randrange(most) for _ in range(n)] for name, most in numbers.items()}
    return out | {name: [draw.randrange(1, 9) if name in ("v1", "v2") and whole else draw.randrange(10000) / 128 for _ in range(n)] for name, whole in values.items()}


def groups(x, keys, column):
    out = defaultdict(list)
    for key, value in zip(zip(*(x[k] for k in keys)), x[column]):
        out[key].append(value)
    return out


with tempfile.TemporaryDirectory(prefix="ashlar-test-bench-") as made:
    data = Path(made)
    x = table(500, {"id1": 5, "id2": 5, "id3": 40}, {"id4": 5, "id5": 5, "id6": 40}, {"v1": True, "v2": True, "v3": False})
    write(data / "groupby-small", "x", x)
    left = table(400, {"id4": 5, "id5": 30, "id6": 50}, {"id1": 6, "id2": 30, "id3": 50}, {"v1": False})
    sides = {"small": table(5, {"id4": 5}, {"id1": 5}, {"v2": False}), "medium": table(25, {"id4": 5, "id5": 30}, {"id1": 5, "id2": 30}, {"v2": False}),
             "big": table(400, {"id4": 5, "id5": 30, "id6": 50}, {"id1": 6, "id2": 30, "id3": 50}, {"v2": False})}
    for name, columns in {"x": left, **sides}.items():
        write(data / "join-small", name, columns)
    (data / "csv-small").mkdir()
    rides = [(draw.choice(["Bern", "Chur", "Genf"]), draw.randrange(4000) / 64) for _ in range(300)]
    for k in range(3):
        (data / "csv-small" / f"rides.{k}.csv").write_text("id,city,fare\n" + "".join(f"{i},{city},{fare}\n" for i, (city, fare) in enumerate(rides[100 * k : 100 * k + 100])))

    def joined(side, key, how):
        partners = defaultdict(list)
        for k, v in zip(sides[side][key], sides[side]["v2"]):
            partners[k].append(v)
        pairs = [(v1, v2) for k, v1 in zip(left[key], left["v1"]) for v2 in partners[k] or ([None] if how == "left" else [])]
        return {"rows": len(pairs), "v1": sum(p[0] for p in pairs), "v2": sum(p[1] for p in pairs if p[1] is not None)}

    of = {name: groups(x, keys, column) for name, keys, column in (
        ("q1", ["id1"], "v1"), ("q2", ["id1", "id2"], "v1"), ("q3", ["id3"], "v1"), ("q3v", ["id3"], "v3"), ("q4", ["id4"], "v1"), ("q4b", ["id4"], "v2"),
        ("q4c", ["id4"], "v3"), ("q5", ["id6"], "v1"), ("q6", ["id4", "id5"], "v3"), ("q7", ["id3"], "v2"), ("q8", ["id6"], "v3"),
        ("all", ["id1", "id2", "id3", "id4", "id5", "id6"], "v3"))}
    mean = {name: sum(statistics.fmean(g) for g in of[name].values()) for name in ("q3v", "q4", "q4b", "q4c")}
    fares = [fare for _, fare in rides]
    by_city = {city: [fare for c, fare in rides if c == city] for city in {c for c, _ in rides}}
    wanted = {
        "csv_scan": {"min": min(fares), "mean": statistics.fmean(fares), "max": max(fares), "count": 300},
        "csv_groupby": {"rows": 3, "mean": sum(map(statistics.fmean, by_city.values())), "count": 300},
        "groupby_q1": {"rows": len(of["q1"]), "v1": sum(x["v1"])},
        "groupby_q2": {"rows": len(of["q2"]), "v1": sum(x["v1"])},
        "groupby_q3": {"rows": len(of["q3"]), "v1": sum(x["v1"]), "v3": mean["q3v"]},
        "groupby_q4": {"rows": len(of["q4"]), "v1": mean["q4"], "v2": mean["q4b"], "v3": mean["q4c"]},
        "groupby_q5": {"rows": len(of["q5"]), "v1": sum(x["v1"]), "v2": sum(x["v2"]), "v3": sum(x["v3"])},
        "groupby_q6": {"rows": len(of["q6"]), "median": sum(map(statistics.median, of["q6"].values())), "sd": sum(map(statistics.stdev, of["q6"].values()))},
        "groupby_q7": {"rows": len(of["q7"]), "range": sum(max(of["q3"][k]) - min(of["q7"][k]) for k in of["q7"])},
        "groupby_q8": {"rows": sum(min(2, len(g)) for g in of["q8"].values()), "v3": sum(sum(sorted(g)[-2:]) for g in of["q8"].values())},
        "groupby_q10": {"rows": len(of["all"]), "v3": sum(x["v3"]), "count": 500},
        "join_q1": joined("small", "id1", "inner"),
        "join_q2": joined("medium", "id2", "inner"),
        "join_q3": joined("medium", "id2", "left"),
        "join_q4": joined("medium", "id5", "inner"),
        "join_q5": joined("big", "id3", "inner"),
        "sort_values": {"rows": 500, "v3": sum(x["v3"]), "first": min(x["v3"]), "last": max(x["v3"])},
        "shuffle": {"rows": 500, "v3": sum(x["v3"])},
    }
    check(min(Counter(zip(x["id4"], x["id5"])).values()) > 1, "every group of q6 wants two rows for its deviation")
    for ranks in (0, 3):
        lines, _ = run([bench, "--repeats", 1, "--data", data, *wanted], ranks)
        found = {line["workload"]: line["result"] for line in lines}
        check(found.keys() == wanted.keys(), "the workloads that were named", lines)
        for name, result in wanted.items():
            right = found[name].keys() == result.keys() and all(math.isclose(found[name][k], v, rel_tol=1e-12) for k, v in result.items())
            check(right, f"{name} on {ranks} ranks: wanted {result}, found {found[name]}")

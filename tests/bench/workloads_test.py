"""The workloads of tasks give the right answers and the figures they promise, at small sizes.    workloads_test.py BENCH BENCH_MPI"""
import os
import sys
import tempfile
import xml.dom.minidom

from running import check, run

bench, bench_mpi = sys.argv[1:]


def only(lines, wanted):
    check([line["workload"] for line in lines] == wanted, f"wanted {wanted}", *lines)
    return {line["workload"]: line for line in lines}


for ranks in (0, 3):
    lines, _ = run([bench, "--repeats", 1, "--tasks", 300, "--width", 9, "independent", "independent_submit", "imbalance", "chain", "tree_reduce"], ranks)
    got = only(lines, ["independent", "tree_reduce", "chain", "imbalance", "independent_submit"])
    for name, answer in {"independent": 300, "independent_submit": 300, "imbalance": 36, "chain": 2000, "tree_reduce": 4096 * 4095 // 2}.items():
        check(got[name]["result"] == answer, f"{name} on {ranks} ranks: wanted {answer}, found {got[name]['result']}")
        check(all(s > 0 for s in got[name]["seconds"]), f"{name} takes no time", got[name])
    check(0 < got["imbalance"]["extra"]["efficiency"] <= 1.001, "imbalance is faster than its tasks", got["imbalance"])

lines, _ = run([bench, "--repeats", 1, "--tasks", 40, "--idle-seconds", 0.05, "chain_alternating", "submit_latency", "busy", "idle", "memory_per_task", "memory_per_future"], 3)
got = only(lines, ["chain_alternating", "submit_latency", "busy", "idle", "memory_per_task", "memory_per_future"])
check(got["chain_alternating"]["extra"]["changes"] == 39, "the chain does not alternate", got["chain_alternating"])
check(got["submit_latency"]["result"] == sum(range(1, 8)), "submit_latency", got["submit_latency"])
check(0.01 < got["busy"]["extra"]["busy"] < 1.2, "busy", got["busy"])
check(0 <= got["idle"]["extra"]["share_of_a_core"] < 3.1, "idle", got["idle"])
for name in ("memory_per_task", "memory_per_future"):
    check(got[name]["result"] == 40 and "40" in got[name]["extra"]["us_per_task"], name, got[name])

with tempfile.TemporaryDirectory(prefix="ashlar-test-bench-") as folder:
    svg = os.path.join(folder, "metg.svg")
    for words, ranks, names in (([bench], 3, ["metg_stencil_1d", "metg_4_stencils"]), ([bench_mpi], 2, ["metg_stencil_1d", "metg_nearest"])):
        lines, err = run([*words, "--repeats", 1, "--steps", 10, "--table", "--svg", svg, *names], ranks)
        for name, line in only(lines, names).items():
            points = line["extra"]["curve_us_efficiency"]
            check(line["result"] == 1 and line["seconds"][0] > 0 and points[0][1] == 1, f"{name}", line)
            check(all(a[1] >= 0.5 for a in points[:-1]), f"{name} goes on below one half", line)
            check(name in err, f"the table lacks {name}", err)
        drawing = xml.dom.minidom.parse(svg)
        check(len(drawing.getElementsByTagName("polyline")) == len(names), "the drawing lacks a curve")
lines, _ = run([bench_mpi, "--repeats", 1, "--width", 9, "imbalance"], 3)
check(lines[0]["result"] == 36, "imbalance over plain MPI", *lines)

lines, _ = run([bench, "--rank-0-alone", "--tasks", 2000, "--repeats", 1])
for line in lines:
    wanted = {"rank_0_alone_independent": 2000, "rank_0_alone_independent_submit": 2000, "rank_0_alone_stencil_1d": 8}.get(line["workload"], 1)
    check(line["result"] == wanted, f"{line['workload']}: wanted {wanted}", line)
    check(line["extra"]["rank_0_ns_per_task"] > 0, "rank 0 takes no time", line)
check(len(lines) == 5, "five kinds of graph were wanted", *lines)
print("the workloads of tasks give the right answers")

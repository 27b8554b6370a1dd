"""How programs end: exit codes, exceptions and settings, without mpirun and on 1, 2, 3 ranks.    run_test.py PROGRAM"""
import sys

from programs import check, run

program = sys.argv[1]
for ranks in (0, 1, 2, 3):
    def ends(words, code, environment=None):
        got, out, err = run([program, *words], ranks, environment)
        check(got == code, f"{words} on {ranks} ranks: exit code {got}, wanted {code}", out, err)
        return out, err

    def once(text, where, words):
        check(where.count(text) == 1, f"{words} on {ranks} ranks: wanted once: {text}", where)

    ends(["return", "7"], 7)
    ends(["return", "0"], 0)
    ends(["void"], 0)
    once("ashlar: std::runtime_error: the body does not want to\n", ends(["throw"], 1)[1], "throw")
    once("the task does not want to", ends(["task-throws"], 1)[1], "task-throws")
    out, _ = ends(["workers", "--ashlar-threads=1", "--ashlar-memory-limit=100MB"], 0)
    check(out == f"{max(1, ranks - 1)} workers, argc 2\n", f"workers on {ranks} ranks", out)
    out, err = ends(["throw", "--ashlar-help"], 0)
    once("--ashlar-memory-limit", out, "--ashlar-help")
    check(err == "", "help complains", err)
    _, err = ends(["return", "--ashlar-thread=2"], 1)
    once("--ashlar-thread: there is no such setting; nearest: --ashlar-threads", err, "--ashlar-thread")
    once("ASHLAR_THREADS: ", ends(["return"], 1, {"ASHLAR_THREADS": "many"})[1], "ASHLAR_THREADS")
    if ranks > 1:
        once("a positive integer was wanted, found \"none\"", ends(["setting-on-rank-1"], 1)[1], "setting-on-rank-1")
for attempt in range(12):
    how = f"{5 * attempt}{'t' if attempt % 2 else ''}"
    code, out, err = run([program, "traffic", how, "--ashlar-threads=1"], 4)
    check(code == attempt % 2, f"traffic {how}: exit code {code}", out, err)
print("programs end as they should")

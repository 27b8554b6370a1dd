"""The command `ashlar run`.    launcher_test.py ASHLAR PROGRAM"""
import os
import sys
import tempfile

from programs import check, run

ashlar, program = sys.argv[1:]
with tempfile.TemporaryDirectory(prefix="ashlar-test-launcher-") as folder:
    surroundings = {"TMPDIR": folder}
    for words, wanted in ((["return", "3"], 3), (["return", "0"], 0), (["throw"], 1), (["return", "--ashlar-thread=1"], 1)):
        code, out, err = run([ashlar, "run", "-n", "3", "--", program, *words], environment=surroundings)
        check(code == wanted, f"ashlar run {words}: exit code {code}, wanted {wanted}", out, err)
    check(err.count("no such setting") == 1, "an error is told once", err)
    code, out, err = run([ashlar, "run", "-n", "3", "--", program, "workers"], environment=surroundings)
    check((code, out) == (0, "2 workers, argc 2\n"), "workers of ashlar run -n 3", out, err)
    code, out, err = run([ashlar, "run", "-n", "3", "--print", "--", "./app", "-x", "1"], environment=surroundings)
    words = out.split()
    check(code == 0 and words[:3] == ["mpirun", "-n", "3"] and words[-3:] == ["./app", "-x", "1"] and "--enable-recovery" in words, "--print", out, err)
    code, out, err = run([ashlar, "run", "-n", "2", "--", os.path.join(folder, "nothing")], environment=surroundings)
    check(code != 0, "a program that is not there", out, err)
    left = [name for name in os.listdir(folder) if "ashlar" in name]
    check(not left, f"left in the temporary folder: {left}")
print("ashlar run gives the exit code of the body")

"""The command `ashlar run`.    launcher_test.py ASHLAR PROGRAM"""
import os
import signal
import sys
import tempfile
import time

from programs import Started, check, run

ashlar, program = sys.argv[1:]
with tempfile.TemporaryDirectory(prefix="ashlar-test-launcher-") as folder:
    surroundings = {"TMPDIR": folder}
    for words, wanted in ((["return", "3"], 3), (["return", "0"], 0), (["throw"], 1), (["return", "--ashlar-thread=1"], 1)):
        code, out, err = run([ashlar, "run", "-n", "3", "--", program, *words], environment=surroundings)
        check(code == wanted, f"ashlar run {words}: exit code {code}, wanted {wanted}", out, err)
    check(err.count("no such setting") == 1, "an error is told once", err)
    code, out, err = run([ashlar, "run", "-n", "3", "--", program, "workers"], environment=surroundings)
    check((code, out) == (0, "2 workers, argc 2\n"), "workers of ashlar run -n 3", out, err)
    for given in (["--", "./app", "-x", "1", "--", "-n"], ["./app", "-x", "1"], ["--hosts", "a,b", "--", "./app"]):
        wanted = given[given.index("./app"):]
        code, out, err = run([ashlar, "run", "-n", "3", "--print", *given], environment=surroundings)
        words = out.split()
        check(code == 0 and words[:3] == ["mpirun", "-n", "3"] and words[-len(wanted) - 1:][1:] == wanted and "--enable-recovery" in words, f"--print {given}", out, err)
        check(("--host a,b " in out) == ("--hosts" in given) and words.count("--") == given[1:].count("--") - ("--hosts" in given), f"--print {given}", out, err)
    code, out, err = run([ashlar, "run"], environment=surroundings)
    check(code == 1 and "which program?" in err, "no program", out, err)
    code, out, err = run([ashlar, "run", "-n", "2", "--", os.path.join(folder, "nothing")], environment=surroundings)
    check(code == 1 and err.count("nothing: No such file") == 1, "a program that is not there", out, err)
    # Ctrl-\ reaches the launcher and mpirun alike.
    started = Started([ashlar, "run", "-n", "3", "--", program, "sleep", "3"], environment={**surroundings, "ASHLAR_HANG_DOT": "none"})
    check(started.process.stdout.readline() == "started\n", "the program did not start")
    time.sleep(0.2)
    for pid in started.processes():
        if pid not in started.ranks_running(program):
            os.kill(pid, signal.SIGQUIT)
    code, out, err = started.end()
    check(code == 0 and err.count("ashlar: who waits for what:\n") == 1, "Ctrl-\\ does not show who waits for what", code, out, err)
    left = [name for name in os.listdir(folder) if "ashlar" in name]
    check(not left, f"left in the temporary folder: {left}")
print("ashlar run gives the exit code of the body")

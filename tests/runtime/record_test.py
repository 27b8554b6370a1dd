"""What the scheduler was told in a real run, replayed by the simulator: the same commands.    record_test.py PROGRAM SIMULATE"""
import os
import subprocess
import sys
import tempfile

from programs import check, run

program, simulate = sys.argv[1:]


def replay(file, *words):
    done = subprocess.run([simulate, "--replay", file, *words], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


with tempfile.TemporaryDirectory() as folder:
    file = os.path.join(folder, "run.record")
    for ranks in (0, 3):
        for words, code in ((["traffic", "30"], 0), (["traffic", "25t"], 1), (["task-throws"], 1)):
            got, out, err = run([program, *words, "--ashlar-record=" + file, "--ashlar-threads=1"], ranks)
            check(got == code, f"{words} on {ranks} ranks: exit code {got}, wanted {code}", out, err)
            got, out, err = replay(file)
            check(got == 0 and "the same commands\n" in out, f"replay of {words} on {ranks} ranks", out, err)
            check(int(out.split()[0]) > (50 if words[0] == "traffic" else 2), "too few events", out)

    # Under another policy: the first decision that differs, and the job simulated.
    got, out, err = run([program, "traffic", "30", "--ashlar-record=" + file, "--ashlar-threads=1"], 3)
    got, out, err = replay(file, "--policy", "queue_tasks=1", "--policy", "queue_ns=0")
    check(got == 0 and "simulated, other policy: makespan" in out, "replay under another policy", out, err)
    got, out, err = replay(file, "--policy", "queue=1")
    check(got == 1 and "the policy has no field queue: wanted one of queue_ns" in err, "a policy that is none", out, err)

    # Cut, damaged, none at all.
    whole = open(file, "rb").read()
    for bytes_, message in ((whole[:-30], "ends early"), (whole[:200] + b"?" + whole[201:], "is damaged"), (b"what is this", "not a record")):
        open(file, "wb").write(bytes_)
        got, out, err = replay(file)
        check(got == 1 and message in out + err, f"a record that {message}", out, err)

    # A file that cannot be written ends the job with its name, on all ranks.
    for ranks in (0, 3):
        got, out, err = run([program, "return", "0", "--ashlar-record=" + folder + "/no/such/folder"], ranks)
        check(got != 0 and "--ashlar-record: cannot write " + folder + "/no/such/folder" in err, "a record that cannot be written", out, err)
print("runs are replayed")

"""Starting programs for tests, and finding what they leave behind."""
import os
import subprocess
import sys
import time
import uuid

MARK = "ASHLAR_TEST_MARK"


class Started:
    """A program on `ranks` ranks (0: without mpirun). All its processes carry a mark in their environment."""

    def __init__(self, words, ranks=0, environment=None):
        self.mark = str(uuid.uuid4())
        mpiexec = [os.environ["MPIEXEC"], "-n", str(ranks), *os.environ["MPIEXEC_FLAGS"].split()] if ranks else []
        self.words = mpiexec + words
        surroundings = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_COMM_", "PMIX_", "ASHLAR_"))}
        surroundings.update(environment or {})
        surroundings[MARK] = self.mark
        self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings)

    def end(self, seconds=60):
        """Waits; (exit code, stdout, stderr). A program that takes longer is a failure."""
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            pids = self.processes()
            for pid in pids:
                os.kill(pid, 9)
            out, err = self.process.communicate()
            fail(f"{' '.join(self.words)} did not end within {seconds} s\n{out}{err}")
        return self.process.returncode, out, err

    def processes(self):
        """Living processes that carry the mark."""
        wanted = f"{MARK}={self.mark}".encode()
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if wanted in file.read().split(b"\0"):
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def ranks_running(self, program):
        return [p for p in self.processes() if executable(p) == os.path.realpath(program)]

    def nothing_left(self, seconds=5):
        """Fails unless all processes are gone soon."""
        deadline = time.monotonic() + seconds
        while self.processes():
            if time.monotonic() > deadline:
                fail(f"{' '.join(self.words)} left processes {[(p, executable(p)) for p in self.processes()]}")
            time.sleep(0.05)


def executable(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def run(words, ranks=0, environment=None, seconds=60):
    started = Started(words, ranks, environment)
    result = started.end(seconds)
    started.nothing_left()
    return result


def fail(text):
    sys.exit(f"FAILED: {text}")


def check(holds, what, *shown):
    if not holds:
        fail(what + "".join(f"\n{s}" for s in shown))

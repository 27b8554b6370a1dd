"""The job files that cannot be run here say what their batch system understands."""

import re
import subprocess
import unittest
from pathlib import Path

JOBS = Path(__file__).resolve().parents[2] / "jobs"


class JobFiles(unittest.TestCase):
    def test_every_job_exists_for_every_system(self):
        for folder, suffix in (("slurm", ".sbatch"), ("pbs", ".pbs"), ("kubernetes", ".yaml")):
            self.assertEqual(sorted(p.name for p in (JOBS / folder).iterdir()), ["hdf5_writer" + suffix, "tour" + suffix])

    def test_pbs_directives_stand_before_the_first_command_and_are_known(self):
        known = [r"-N [A-Za-z][\w-]{0,14}", r"-l select=\d+(:(ncpus|mpiprocs|ompthreads)=\d+)+", r"-l walltime=\d\d:\d\d:\d\d", r"-j oe"]
        for path in (JOBS / "pbs").iterdir():
            lines = path.read_text().splitlines()
            self.assertTrue(lines[0].startswith("#!"), path)
            first_command = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))
            for i, line in enumerate(lines):
                if line.startswith("#PBS"):
                    self.assertLess(i, first_command, f"{path.name}:{i + 1} comes too late to be read")
                    self.assertTrue(any(re.fullmatch("#PBS " + k, line) for k in known), f"{path.name}:{i + 1}: {line}")
                    for cpus, ranks, threads in re.findall(r"ncpus=(\d+):mpiprocs=(\d+):ompthreads=(\d+)", line):
                        self.assertEqual(int(cpus), int(ranks) * int(threads), line)

    def test_kubernetes_files_are_mpi_jobs_whose_ranks_fit_their_slots(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        for path in (JOBS / "kubernetes").iterdir():
            job = yaml.safe_load(path.read_text())
            self.assertEqual((job["apiVersion"], job["kind"]), ("kubeflow.org/v2beta1", "MPIJob"))
            spec = job["spec"]
            replicas = spec["mpiReplicaSpecs"]
            launcher = replicas["Launcher"]["template"]["spec"]["containers"][0]
            ranks = int(launcher["command"][launcher["command"].index("-n") + 1])
            self.assertEqual(replicas["Launcher"]["replicas"], 1)
            self.assertEqual(ranks, replicas["Worker"]["replicas"] * spec["slotsPerWorker"])
            for replica in replicas.values():
                pod = replica["template"]["spec"]
                volumes = {v["name"] for v in pod["volumes"]}
                for container in pod["containers"]:
                    self.assertEqual(container["image"], "${ASHLAR_IMAGE}")
                    self.assertEqual({m["name"] for m in container["volumeMounts"]}, volumes)

    def test_what_the_files_ask_the_site_for_is_set_in_environment_sh(self):
        asked = set()
        for path in JOBS.rglob("*"):
            if path.suffix in {".sbatch", ".pbs", ".yaml"}:
                asked |= set(re.findall(r"\$\{?(ASHLAR_[A-Z]+)", path.read_text()))
        script = 'set -euo pipefail; source "$1/environment.sh"; shift; for name in "$@"; do [ -n "${!name}" ] || exit 1; done'
        # Thread counts are Ashlar's own choice outside a batch system.
        done = subprocess.run(["bash", "-c", script, "bash", str(JOBS), *sorted(asked - {"ASHLAR_THREADS"})], capture_output=True, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()

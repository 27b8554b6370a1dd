# shellcheck shell=bash
# The one file a site edits. Every job of this folder sources it; so does whoever submits one:
#   source jobs/environment.sh && sbatch jobs/slurm/tour.sbatch
# What is already set in the environment wins over the defaults here.

# --- software: for example
# module load gcc openmpi hdf5-parallel boost

# --- places, all of them seen by every node
ASHLAR_ROOT=${ASHLAR_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
export ASHLAR_ROOT
export ASHLAR_BUILD=${ASHLAR_BUILD:-$ASHLAR_ROOT/build}               # where scripts/tour.sh and scripts/test.sh build
export ASHLAR_OUTPUT=${ASHLAR_OUTPUT:-$ASHLAR_ROOT/build/job-output}  # a parallel file system, if there is one

# --- batch system: read by sbatch itself, so that the job files need no site's names
# export SBATCH_ACCOUNT=project
# export SBATCH_PARTITION=compute
# PBS has no such variables: qsub -A project -q workq jobs/pbs/tour.pbs

# --- Kubernetes: put into jobs/kubernetes/*.yaml by envsubst
export ASHLAR_IMAGE=${ASHLAR_IMAGE:-registry.example.org/ashlar:0.1}  # see jobs/README.md for what it holds
export ASHLAR_CLAIM=${ASHLAR_CLAIM:-ashlar-output}                    # a ReadWriteMany volume claim

# --- Open MPI
# Several threads a rank want no binding to one core. With one rank per NUMA domain: "--map-by ppr:1:numa --bind-to numa".
ASHLAR_MPIRUN_FLAGS=${ASHLAR_MPIRUN_FLAGS:---bind-to none}
export ASHLAR_MPIRUN_FLAGS

# Threads of each rank: what the batch system gave, else Ashlar's own choice.
if [ -z "${ASHLAR_THREADS:-}" ] && [ -n "${SLURM_CPUS_PER_TASK:-}" ]; then
  export ASHLAR_THREADS=$SLURM_CPUS_PER_TASK
elif [ -z "${ASHLAR_THREADS:-}" ] && [ -n "${PBS_JOBID:-}" ] && [ -n "${OMP_NUM_THREADS:-}" ]; then
  export ASHLAR_THREADS=$OMP_NUM_THREADS # PBS sets it from ompthreads
fi

# ashlar_mpirun PROGRAM [arguments]: on all ranks of this job.
ashlar_mpirun() {
  local flags
  read -ra flags <<<"$ASHLAR_MPIRUN_FLAGS"
  # An Open MPI without PBS support (Debian's, for one) has to be told the hosts.
  if [ -n "${PBS_NODEFILE:-}" ] && [ -z "${SLURM_JOB_ID:-}" ] && ! ompi_info --parsable | grep '^mca:plm:tm:' >/dev/null; then
    flags+=(--hostfile "$PBS_NODEFILE")
  fi
  if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  mpirun "${flags[@]}" "$@"
}

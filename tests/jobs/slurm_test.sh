#!/usr/bin/env bash
# Submits the files of jobs/slurm; runs inside local_slurm.sh.
#   slurm_test.sh accepted                   sbatch --test-only finds nothing wrong with any of them
#   slurm_test.sh run JOB [arguments…]       the job runs to its end with exit code 0
# In the environment: ASHLAR_ROOT, ASHLAR_BUILD, ASHLAR_OUTPUT.
set -euo pipefail
cd "$ASHLAR_ROOT"

accepted() {
  local file
  for file in jobs/slurm/*.sbatch; do
    sbatch --test-only "$file" || { echo "$file is refused" >&2; return 1; }
  done
}

run() {
  local job=$1 id state='' end=$((SECONDS + 600))
  shift
  rm -rf "$ASHLAR_OUTPUT"
  mkdir -p "$ASHLAR_OUTPUT"
  id=$(sbatch --parsable --output="$ASHLAR_OUTPUT/job.out" "jobs/slurm/$job.sbatch" "$@")
  # Not `sbatch --wait`: it looks at growing intervals, and a short job seems to take many seconds.
  while :; do
    state=$(timeout 10 scontrol --oneliner show job "$id" | sed -n 's/.* JobState=\([A-Z_]*\) .* ExitCode=\([0-9:]*\) .*/\1 \2/p')
    case $state in
      PENDING* | RUNNING* | CONFIGURING* | COMPLETING*) ;;
      *) break ;;
    esac
    [ "$SECONDS" -lt "$end" ] || break
    sleep 0.2
  done
  echo "job $id: $state"
  cat "$ASHLAR_OUTPUT/job.out"
  [ "$state" = "COMPLETED 0:0" ]
}

"$@"

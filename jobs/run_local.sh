#!/usr/bin/env bash
# Runs a job of this folder on this machine, without a batch system.
#   jobs/run_local.sh [-n RANKS] tour|hdf5_writer [the program's arguments]
# RANKS is 3 if not given. Sizes are small by default: hdf5_writer writes 1 GiB.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ranks=3
if [ "${1:-}" = -n ]; then
  ranks=${2:?run_local.sh: -n wants a number of ranks}
  shift 2
fi
job=${1:-}
[ $# -eq 0 ] || shift
# shellcheck source=jobs/environment.sh
source "$here/environment.sh"
mkdir -p "$ASHLAR_OUTPUT"

case $job in
  tour)
    cd "$ASHLAR_OUTPUT"
    program=("$ASHLAR_BUILD/apps/tour/tour")
    ;;
  hdf5_writer)
    program=("$ASHLAR_BUILD/apps/hdf5_writer/hdf5_writer" --out "$ASHLAR_OUTPUT/large.h5")
    [ $# -gt 0 ] || set -- --gib 1
    ;;
  *)
    sed -n '3,4s/^# *//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
if [ ! -x "${program[0]}" ]; then
  echo "run_local.sh: ${program[0]} is not built yet: scripts/tour.sh builds the tour, scripts/test.sh everything" >&2
  exit 1
fi
ashlar_mpirun -n "$ranks" --oversubscribe "${program[@]}" "$@"

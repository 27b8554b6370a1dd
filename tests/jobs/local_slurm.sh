#!/usr/bin/env bash
# Starts a real Slurm (munged, slurmctld, slurmd) of one node on this machine, runs a command as its user, stops it again.
#   local_slurm.sh COMMAND…          ends with COMMAND's exit code; 77 when there is no Slurm here or no right to start it
# Writes only below one fresh folder, listens on 127.0.0.1 only, ends only what it started, and every wait has an end.
# The node claims 8 CPUs whatever the machine has, so that jobs of several ranks start.
set -euo pipefail
export LC_ALL=C
patience=30 # seconds each daemon gets to come up

for program in munged munge unmunge slurmctld slurmd sbatch scontrol sinfo setpriv; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed (packages slurm-wlm, munge)"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: only root can start slurmd"; exit 77; }

# Unix sockets lie below this folder and may have 107 characters, hence not in TMPDIR.
folder=$(mktemp -d /tmp/ashlar-slurm.XXXXXX)
node=$(hostname -s)
daemons=()

# start NAME COMMAND…: in the background; dies with this script even if that is killed. The variables of a job that this
# script may itself run in would confuse a second Slurm.
start() {
  local name=$1 variable clean=()
  shift
  for variable in "${!SLURM_@}" "${!SBATCH_@}"; do clean+=(-u "$variable"); done
  env ${clean[@]+"${clean[@]}"} setpriv --pdeathsig TERM "$@" </dev/null >"$folder/$name.out" 2>&1 &
  daemons+=($!)
}

# wait_until COMMAND…: until it succeeds; false after $patience seconds or when a daemon has died.
wait_until() {
  local end=$((SECONDS + patience)) pid
  until "$@" >/dev/null 2>&1; do
    for pid in "${daemons[@]}"; do kill -0 "$pid" 2>/dev/null || return 1; done
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

none_running() { [ -z "$(timeout 5 squeue --noheader 2>/dev/null)" ]; }

stop() {
  local status=$? i end
  trap - EXIT
  if [ -n "${SLURM_CONF:-}" ]; then
    timeout 10 scancel --partition=test >/dev/null 2>&1 || true
    end=$((SECONDS + 15))
    until none_running || [ "$SECONDS" -ge "$end" ]; do sleep 0.2; done
  fi
  # In the opposite order of their start: slurmd reports to slurmctld, both need munged.
  for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
    kill -TERM "${daemons[i]}" 2>/dev/null || continue
    end=$((SECONDS + 10))
    while kill -0 "${daemons[i]}" 2>/dev/null && [ "$SECONDS" -lt "$end" ]; do sleep 0.1; done
    kill -KILL "${daemons[i]}" 2>/dev/null || true
    wait "${daemons[i]}" 2>/dev/null || true
  done
  rm -rf "$folder"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

failed() {
  echo "local_slurm.sh: $1" >&2
  tail -n 20 "$folder"/*.out "$folder"/*.log >&2 || true
  exit 1
}

chmod 755 "$folder"
mkdir -p "$folder"/{munge,state,spool,tmp}
chmod 700 "$folder/state"
chmod 1777 "$folder/tmp"
(umask 077 && head -c 1024 /dev/urandom >"$folder/munge/key")
start munged munged --foreground --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
  --pid-file="$folder/munge/pid" --log-file="$folder/munged.log" --seed-file="$folder/munge/seed"
munge_answers() { munge --no-input --socket="$folder/munge/socket" | unmunge --socket="$folder/munge/socket"; }
wait_until munge_answers || failed "munged does not answer"

write_configuration() { # PORT
  cat >"$folder/slurm.conf" <<CONF
ClusterName=ashlar
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$1
SlurmdPort=$(($1 + 1))
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthInfo=socket=$folder/munge/socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
TmpFS=$folder/tmp
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
MpiDefault=pmix
# No control groups and no accounting database: neither is there in a container.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0
SlurmdParameters=config_overrides
MailProg=/bin/true
MinJobAge=3600
KillWait=5
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=8 RealMemory=1024 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  # slurmd of Slurm 22.05 loads a cgroup plugin in any case; version 1 does nothing as long as no cgroup feature is on.
  echo CgroupPlugin=cgroup/v1 >"$folder/cgroup.conf"
}

controller_answers() { timeout 10 scontrol ping | grep 'is UP'; }
node_is_idle() { [ "$(timeout 10 sinfo --noheader --Node --format=%T)" = idle ]; }

# Some other program may hold a port that looked free, so three first ports are tried.
up=
for attempt in 1 2 3; do
  write_configuration $((20000 + RANDOM % 10000))
  export SLURM_CONF=$folder/slurm.conf
  munged_only=("${daemons[0]}")
  start slurmctld slurmctld -D -c -f "$SLURM_CONF"
  if wait_until controller_answers; then
    start slurmd slurmd -D -f "$SLURM_CONF"
    if wait_until node_is_idle; then
      up=yes
      break
    fi
  fi
  echo "local_slurm.sh: attempt $attempt failed" >&2
  for pid in "${daemons[@]:1}"; do kill -KILL "$pid" 2>/dev/null || true; done
  daemons=("${munged_only[@]}")
done
[ -n "$up" ] || failed "Slurm does not come up"

"$@"

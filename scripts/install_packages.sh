#!/usr/bin/env bash
# Installs the Debian packages that are missing, and does nothing (in a fraction of a second) when none is.
#   install_packages.sh build|tour|test
# build: compiler, tools and libraries; tour: build and what draws its plots; test: all of it and what checks our output.
# Needs root or sudo only when something is missing.
set -euo pipefail

build=(
  g++ cmake ninja-build ccache mold pkg-config
  libopenmpi-dev openmpi-bin libhdf5-openmpi-dev libboost-mpi1.81-dev libboost-serialization1.81-dev
  libfmt-dev libcli11-dev nlohmann-json3-dev libtomlplusplus-dev libhwy-dev libfast-float-dev libxxhash-dev
  libgraphviz-dev libopenblas-dev libfftw3-double3 libfftw3-single3 libfftw3-dev libfftw3-mpi-dev zlib1g-dev libzstd-dev libgtest-dev libgmock-dev python3
)
tour=(gnuplot-nox graphviz hdf5-tools)
test=(python3-h5py python3-numpy python3-pandas python3-yaml shellcheck slurm-wlm munge iproute2)

case ${1:-} in
  build) wanted=("${build[@]}") ;;
  tour) wanted=("${build[@]}" "${tour[@]}") ;;
  test) wanted=("${build[@]}" "${tour[@]}" "${test[@]}") ;;
  *)
    echo "usage: install_packages.sh build|tour|test" >&2
    exit 2
    ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "install_packages.sh: no apt here; these Debian packages, or what they hold, are needed: ${wanted[*]}" >&2
  exit 0
fi

missing=()
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii *//p')
for package in "${wanted[@]}"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install_packages.sh: run as root, or install these packages: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "installing: ${missing[*]}"
as_root+=(env DEBIAN_FRONTEND=noninteractive)
apt=(apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
"${as_root[@]}" "${apt[@]}" update </dev/null
"${as_root[@]}" "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null

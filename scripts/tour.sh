#!/usr/bin/env bash
# Builds Ashlar and walks through it: dataframe, arrays, plot, delayed tasks and one HDF5 file, on 3 ranks.
#   scripts/tour.sh [--csv FILE] [--gib N] …     everything is passed on to the program; see `build/apps/tour/tour --help`
# Its files (plots, graphs, HDF5) are left in build/tour-output. Installs missing Debian packages first.
set -euo pipefail
export CI=${CI:-true}
called_from=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Files are named from where the user stands; the program runs in the output folder.
arguments=()
after=
for argument in "$@"; do
  case $after:$argument in
    --csv:[!/]*) argument=$called_from/$argument ;;
    *:--csv=[!/]*) argument=--csv=$called_from/${argument#--csv=} ;;
  esac
  arguments+=("$argument")
  after=$argument
done

"$root/scripts/install_packages.sh" tour
export CCACHE_NOHASHDIR=1 # tests/package builds the library a second time elsewhere, out of the same cache
cd "$root"
cmake -G Ninja -S . -B build -DCMAKE_BUILD_TYPE=RelWithDebInfo -DASHLAR_QUICK_BUILD=ON </dev/null
cmake --build build --target tour </dev/null

cd build
launch=(mpirun -n 3 --oversubscribe)
if [ "$(id -u)" = 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
"${launch[@]}" "$root/build/apps/tour/tour" ${arguments[@]+"${arguments[@]}"} </dev/null

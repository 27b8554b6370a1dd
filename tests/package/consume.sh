#!/usr/bin/env bash
# Builds consumer.cpp against Ashlar in one of three ways and runs it on 2 ranks.
#   consume.sh find_package|add_subdirectory|pkg_config WORK_FOLDER
# In the environment: ASHLAR_SOURCE, ASHLAR_BINARY (its build), ASHLAR_QUICK_BUILD, ASHLAR_PREFIX (where it is installed), PKG_CONFIG_PATH,
# CXX, ASHLAR_CXX_FLAGS, MPIEXEC, ASHLAR_MPIEXEC_FLAGS.
set -euo pipefail
way=$1
work=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rm -rf "$work"
mkdir -p "$work"

case $way in
  find_package)
    cmake -G Ninja -S "$here/find_package" -B "$work" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$ASHLAR_PREFIX"
    cmake --build "$work"
    ;;
  add_subdirectory)
    # The flags and precompiled headers of the main build, so that ccache has the objects already; without a cache this compiles the library anew.
    launcher=$(command -v ccache || true)
    cmake -G Ninja -S "$here/add_subdirectory" -B "$work" -DCMAKE_CXX_COMPILER="$CXX" -DASHLAR_SOURCE="$ASHLAR_SOURCE" \
      -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="$ASHLAR_CXX_FLAGS" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" \
      -DASHLAR_WARNINGS_AS_ERRORS=ON -DASHLAR_QUICK_BUILD="$ASHLAR_QUICK_BUILD" -DASHLAR_PRECOMPILED_FOLDER="$ASHLAR_BINARY"
    CCACHE_NOHASHDIR=1 cmake --build "$work" --target consumer
    ;;
  pkg_config)
    read -ra flags <<<"$(pkg-config --cflags --libs ashlar)"
    "$CXX" -std=c++20 "$here/consumer.cpp" -o "$work/consumer" "${flags[@]}"
    ;;
  *)
    echo "consume.sh: unknown way '$way'" >&2
    exit 2
    ;;
esac

read -ra mpiexec_flags <<<"$ASHLAR_MPIEXEC_FLAGS"
printed=$(timeout 60 "$MPIEXEC" -n 2 "${mpiexec_flags[@]}" "$work/consumer")
echo "$printed"
[ "$printed" = "delayed 5 sum 6000" ] || { echo "expected: delayed 5 sum 6000" >&2; exit 1; }

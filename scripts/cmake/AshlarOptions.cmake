option(ASHLAR_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(ASHLAR_BUILD_APPS "Build the example programs, the benchmarks and the command `ashlar`" ${PROJECT_IS_TOP_LEVEL})
option(ASHLAR_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" ${PROJECT_IS_TOP_LEVEL})
option(ASHLAR_INSTALL "Generate the install rules" ${PROJECT_IS_TOP_LEVEL})
option(ASHLAR_ARROW "Build read_parquet and to_parquet, which need Apache Arrow and Parquet for C++" OFF)
set(ASHLAR_ARROW_ROOT "" CACHE PATH "Where Arrow is, if CMake does not know: an install prefix, or the folder of Python's package pyarrow")
set(ASHLAR_SANITIZE "" CACHE STRING "Sanitizers for everything built here: address,undefined or thread")

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
  endif()
  # -O2 keeps the build short; the kernels ask for -O3 themselves. -g1: line numbers for perf and backtraces.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
  find_program(ASHLAR_CCACHE ccache)
  if(ASHLAR_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${ASHLAR_CCACHE})
  endif()
  find_program(ASHLAR_MOLD mold)
  if(ASHLAR_MOLD AND NOT ASHLAR_SANITIZE)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Warnings are for our own sources only; consumers never inherit them.
# GCC 12 takes the unused alternatives of a std::variant for uninitialised.
add_library(ashlar_warnings INTERFACE)
target_compile_options(ashlar_warnings INTERFACE -Wall -Wextra -Wno-missing-field-initializers -Wno-maybe-uninitialized $<$<BOOL:${ASHLAR_WARNINGS_AS_ERRORS}>:-Werror>)

# For sources of loops over elements and bytes, which are worth the compiler's vectoriser. With sanitizers they keep the level of the others, and
# kernels that exist for several instruction sets are compiled for the baseline and AVX2: instrumented loops compile for minutes otherwise.
# Nor is each of their accesses asked twice: a null or wild pointer is found by the address sanitizer, and the undefined-behaviour sanitizer's own
# question makes more code than everything else.
set(ASHLAR_LOOP_OPTIONS -O3)
if(ASHLAR_SANITIZE)
  set(ASHLAR_LOOP_OPTIONS -O1)
  if(ASHLAR_SANITIZE MATCHES "undefined")
    list(APPEND ASHLAR_LOOP_OPTIONS -fno-sanitize=null,alignment,object-size)
  endif()
  add_compile_definitions(ASHLAR_FEW_INSTRUCTION_SETS)
  add_compile_options(-fsanitize=${ASHLAR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ASHLAR_SANITIZE})
endif()

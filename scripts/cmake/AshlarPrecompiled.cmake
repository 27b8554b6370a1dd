# Headers that are parsed once for many sources: a third of a clean build.
#   ashlar_precompiled(target library|program|test|program_test)
# Off unless ASHLAR_QUICK_BUILD is on, as in scripts/tour.sh and scripts/test.sh. What is in the sets stands in scripts/precompiled.
# GCC takes a precompiled header only with the flags it was made with, so there are
#   library       position-independent code: the library's sources get headers of others
#   program       programs that link the whole library get <ashlar/ashlar.hpp> too: each of their sources includes it anyway
#   test          tests of one floor, without optimisation: headers of others, and GoogleTest
#   program_test  tests that link the whole library: the same and <ashlar/ashlar.hpp>
# A source with the property SKIP_PRECOMPILE_HEADERS (set before its target is made) is left out: its flags are others.
#
# Sources name the header by its path, not by CMake's REUSE_FROM, so that a second build tree can take the headers of a first one
# (ASHLAR_PRECOMPILED_FOLDER) and finds its objects in ccache: tests/package builds the library twice.
option(ASHLAR_QUICK_BUILD "Precompile the headers of the standard library, Boost and GoogleTest, and compile tests without optimisation" OFF)
set(ASHLAR_PRECOMPILE ${ASHLAR_QUICK_BUILD})
if(ASHLAR_SANITIZE)
  set(ASHLAR_PRECOMPILE OFF) # GCC 12 crashes on some sources with both
endif()
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(ASHLAR_PRECOMPILE OFF)  # other compilers want other flags
endif()
set(ASHLAR_PRECOMPILED_FOLDER "" CACHE PATH "A build tree whose precompiled headers are used instead of new ones")

# GCC looks for garbage of its own only after its first gigabyte: there is little to be found before, and looking costs a twentieth of a build.
if((ASHLAR_QUICK_BUILD OR ASHLAR_SANITIZE) AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options("SHELL:--param ggc-min-heapsize=1000000")
endif()

# ccache may take an object for a hit although __TIME__ or a macro of the precompiled header could differ: they do not. It learns from the
# compiler which headers were read, instead of preprocessing every source for itself first.
if(ASHLAR_QUICK_BUILD AND CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache")
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1 ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

# Tests are run for what they check, and what they call is optimised. With sanitizers they keep the lines that reports name.
set(ASHLAR_TEST_OPTIONS)
if(ASHLAR_SANITIZE)
  set(ASHLAR_TEST_OPTIONS -O0)
elseif(ASHLAR_QUICK_BUILD)
  set(ASHLAR_TEST_OPTIONS -O0 -g0)
endif()
# A macro that these headers look at must be the same everywhere, or GCC refuses them.
set(ASHLAR_PRECOMPILED_DEFINITIONS OMPI_SKIP_MPICXX BOOST_SERIALIZATION_DYN_LINK BOOST_SERIALIZATION_NO_LIB)

# Makes the set `kind`, in the folder that is being configured.
function(ashlar_add_precompiled kind)
  if(NOT ASHLAR_PRECOMPILE)
    return()
  endif()
  if(ASHLAR_PRECOMPILED_FOLDER)
    set(folder ${ASHLAR_PRECOMPILED_FOLDER})
  else()
    set(folder ${CMAKE_CURRENT_BINARY_DIR})
    set(target ashlar_precompiled_${kind})
    file(CONFIGURE OUTPUT ${target}.cpp CONTENT "")
    add_library(${target} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
    # Not by its full path, which would be in the precompiled header: ccache then serves several checkouts.
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/scripts)
    target_precompile_headers(${target} PRIVATE <precompiled/${kind}.hpp>)
    target_compile_definitions(${target} PRIVATE ${ASHLAR_PRECOMPILED_DEFINITIONS})
    if(NOT kind STREQUAL "library")
      set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(${target} PRIVATE -fPIE)
    endif()
    if(kind MATCHES "program")
      target_link_libraries(${target} PRIVATE ashlar)
    endif()
    if(kind MATCHES "test")
      target_compile_options(${target} PRIVATE ${ASHLAR_TEST_OPTIONS})
      target_link_libraries(${target} PRIVATE GTest::gmock)
    endif()
  endif()
  set_property(GLOBAL PROPERTY ASHLAR_PRECOMPILED_${kind} ${folder}/CMakeFiles/ashlar_precompiled_${kind}.dir/cmake_pch.hxx)
endfunction()

function(ashlar_precompiled target kind)
  if(kind MATCHES "test")
    target_compile_options(${target} PRIVATE ${ASHLAR_TEST_OPTIONS})
  endif()
  get_property(header GLOBAL PROPERTY ASHLAR_PRECOMPILED_${kind})
  if(NOT header)
    return()
  endif()
  target_compile_definitions(${target} PRIVATE ${ASHLAR_PRECOMPILED_DEFINITIONS})
  if(kind MATCHES "test")
    # What GoogleTest's headers look at, for programs that do not link it.
    target_compile_options(${target} PRIVATE $<TARGET_PROPERTY:GTest::gtest,INTERFACE_COMPILE_OPTIONS>)
    target_compile_definitions(${target} PRIVATE $<TARGET_PROPERTY:GTest::gtest,INTERFACE_COMPILE_DEFINITIONS>)
  endif()
  if(TARGET ashlar_precompiled_${kind})
    add_dependencies(${target} ashlar_precompiled_${kind})
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    get_source_file_property(skip ${source} SKIP_PRECOMPILE_HEADERS)
    get_source_file_property(flags ${source} COMPILE_FLAGS)
    if(NOT skip AND NOT flags MATCHES "-include")
      set_property(SOURCE ${source} APPEND_STRING PROPERTY COMPILE_FLAGS " -Winvalid-pch -fpch-preprocess -include ${header}")
      # Ninja orders files, Make whole targets.
      if(TARGET ashlar_precompiled_${kind} AND CMAKE_GENERATOR MATCHES "Ninja")
        set_property(SOURCE ${source} APPEND PROPERTY OBJECT_DEPENDS ${header}.gch)
      endif()
    endif()
  endforeach()
endfunction()

ashlar_add_precompiled(library)
if(ASHLAR_BUILD_APPS)
  ashlar_add_precompiled(program)
endif()

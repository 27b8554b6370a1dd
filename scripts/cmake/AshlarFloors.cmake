# One library per floor (folder of lib/ashlar). Headers and sources stand side by side; the include root is lib/.
#   ashlar_floor(graph SOURCES a.cpp b.cpp USES base ndarray LIBRARIES fmt::fmt)
# makes the object library ashlar_graph_objects (what the installed library is made of) and the static library
# ashlar_graph, which links exactly the floors it uses: a test of a low floor cannot reach a higher one.
define_property(GLOBAL PROPERTY ASHLAR_FLOOR_OBJECTS BRIEF_DOCS "object libraries of all floors" FULL_DOCS "object libraries of all floors")
define_property(GLOBAL PROPERTY ASHLAR_FLOOR_LIBRARIES BRIEF_DOCS "outside libraries of all floors" FULL_DOCS "outside libraries of all floors")

function(ashlar_floor name)
  cmake_parse_arguments(PARSE_ARGV 1 FLOOR "" "" "SOURCES;USES;LIBRARIES")
  ashlar_united(sources ${name} ${FLOOR_SOURCES})
  add_library(ashlar_${name}_objects OBJECT ${sources})
  target_include_directories(ashlar_${name}_objects PUBLIC ${PROJECT_SOURCE_DIR}/lib)
  # The C interface of MPI only; its retired C++ bindings slow compilation down and warn.
  target_compile_definitions(ashlar_${name}_objects PUBLIC OMPI_SKIP_MPICXX)
  target_link_libraries(ashlar_${name}_objects PRIVATE ashlar_warnings PUBLIC Threads::Threads ${FLOOR_LIBRARIES})
  ashlar_precompiled(ashlar_${name}_objects library)
  add_library(ashlar_${name} STATIC $<TARGET_OBJECTS:ashlar_${name}_objects>)
  target_include_directories(ashlar_${name} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
  target_compile_definitions(ashlar_${name} PUBLIC OMPI_SKIP_MPICXX)
  target_link_libraries(ashlar_${name} PUBLIC Threads::Threads ${FLOOR_LIBRARIES})
  set_target_properties(ashlar_${name} PROPERTIES LINKER_LANGUAGE CXX)
  foreach(used ${FLOOR_USES})
    target_link_libraries(ashlar_${name} PUBLIC ashlar_${used})
    # The objects compile against what the used floor shows, and link nothing.
    target_include_directories(ashlar_${name}_objects PUBLIC $<TARGET_PROPERTY:ashlar_${used},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
  set_property(GLOBAL APPEND PROPERTY ASHLAR_FLOOR_OBJECTS ashlar_${name}_objects)
  set_property(GLOBAL APPEND PROPERTY ASHLAR_FLOOR_LIBRARIES ${FLOOR_LIBRARIES})
endfunction()

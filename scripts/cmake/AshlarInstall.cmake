# Headers, library, AshlarConfig.cmake and ashlar.pc. tests/package uses each of them as a stranger would.
if(NOT ASHLAR_INSTALL)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(ASHLAR_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Ashlar)

install(TARGETS ashlar EXPORT AshlarTargets COMPONENT Ashlar)
# A *_detail.hpp or *-inl.hpp belongs to the sources of its floor; no public header may include one.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/lib/ashlar DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT Ashlar
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*_detail.hpp" EXCLUDE PATTERN "*-inl.hpp" EXCLUDE)
install(EXPORT AshlarTargets NAMESPACE Ashlar:: DESTINATION ${ASHLAR_CMAKE_DIR} COMPONENT Ashlar)

set(ASHLAR_PACKAGE_DIR ${PROJECT_BINARY_DIR}/package)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/AshlarConfig.cmake.in ${ASHLAR_PACKAGE_DIR}/AshlarConfig.cmake
                              INSTALL_DESTINATION ${ASHLAR_CMAKE_DIR})
write_basic_package_version_file(${ASHLAR_PACKAGE_DIR}/AshlarConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${ASHLAR_PACKAGE_DIR}/AshlarConfig.cmake ${ASHLAR_PACKAGE_DIR}/AshlarConfigVersion.cmake
        DESTINATION ${ASHLAR_CMAKE_DIR} COMPONENT Ashlar)

# pkg-config knows no targets, so the whole link line is written out.
get_property(libraries GLOBAL PROPERTY ASHLAR_FLOOR_LIBRARIES)
include(AshlarLinkLine)
ashlar_link_line(files AS_FILES ${libraries} Threads::Threads)
list(JOIN files " " ASHLAR_PC_LIBRARIES)
set(ASHLAR_PC_FLAGS "-DOMPI_SKIP_MPICXX")
foreach(folder ${MPI_CXX_INCLUDE_DIRS} ${Boost_INCLUDE_DIRS})
  if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    string(APPEND ASHLAR_PC_FLAGS " -I${folder}")
  endif()
endforeach()
# The prefix is worked out from where ashlar.pc lies, since `cmake --install --prefix` may choose another one later.
file(RELATIVE_PATH ASHLAR_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/ashlar.pc.in ${ASHLAR_PACKAGE_DIR}/ashlar.pc @ONLY)
install(FILES ${ASHLAR_PACKAGE_DIR}/ashlar.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT Ashlar)

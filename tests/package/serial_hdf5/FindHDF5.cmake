# Stands in for an HDF5 that was built without MPI.
set(HDF5_FOUND TRUE)
set(HDF5_IS_PARALLEL FALSE)
set(HDF5_C_INCLUDE_DIRS /opt/serial/include)

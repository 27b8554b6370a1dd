#pragma once
// Writing arrays to HDF5 files by all workers at once.
//
//   rank 0                          every worker, on its collective thread        every worker, in tasks
//   temporary names, leftovers  ->  opens the files together
//                                                                              -> computes chunks, writes each where it was made
//                                   closes them together (with the first error)
//   renames, or discards
//
// A new file appears under its name when it is complete. A task writes a chunk as soon as it exists, so computing and writing overlap
// and an array need not fit in memory.

namespace ashlar {

/// Makes `to_hdf5` and `store` work (services().store_arrays). Called by ashlar.hpp.
void install_hdf5_writer();

}  // namespace ashlar

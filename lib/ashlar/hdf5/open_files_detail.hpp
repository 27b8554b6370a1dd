#pragma once
// Files this process reads, kept open between reads. Inside `Thread` only.

#include <map>
#include <memory>
#include <string>

#include "ashlar/hdf5/dataset_detail.hpp"

namespace ashlar::hdf5 {

struct OpenDataset {
  DatasetHandle handle;
  DatasetInfo info;
};

/// A file open for reading, and its datasets opened so far.
struct OpenFile {
  std::string path;
  FileHandle file;
  std::map<std::string, OpenDataset> datasets;

  /// Errors    KeyError naming the nearest datasets there are, TypeError when it is something else.
  OpenDataset& dataset(const std::string& name);
};

/// The file of that name as it is now: one that was replaced or changed since it was opened is opened anew.
/// Errors    IoError: missing, unreadable, not an HDF5 file.
/// Cost      one stat when it is open already; at most 16 files stay open.
OpenFile& open_file(const std::string& path);
void forget_open_file(const std::string& path);
void forget_all_open_files();
/// Closes those that were removed, replaced or changed: of a removed file the space comes back only then. False when none is left open.
/// Cost      a stat for each.
bool forget_stale_open_files();
/// HDF5 opens the files of a virtual dataset itself, by other rules for locks than ours; of one that is open here by our rules it would say
/// nothing and give fill values.
void forget_other_open_files(const std::string& path);

/// IoError unless the file begins like an HDF5 file (the signature may stand behind a user block of 512, 1024… bytes).
void check_hdf5_file(const std::string& path);

/// KeyError: "no dataset /grop/x in out.h5; there are /group/x, …", the nearest first.
[[noreturn]] void throw_missing_dataset(hid_t file, const std::string& name, const std::string& path);

}  // namespace ashlar::hdf5

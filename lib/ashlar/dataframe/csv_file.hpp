#pragma once
// Byte ranges of files, read with plain system calls: what tasks of read_csv do with a path.

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/base/buffer.hpp"

namespace ashlar::dataframe {

/// Bytes [begin, end) of the file. `size`: what the file had when the frame was built.
/// Errors    IoError: missing, unreadable, changed since then.
struct FileRange {
  std::string file;
  std::int64_t begin = 0, end = 0, size = 0;
};
Buffer read_range(const FileRange& range);

/// Errors    IoError: missing, a folder.
std::int64_t file_size(const std::string& file);
/// The files a path or pattern stands for, sorted. IoError when there is none.
std::vector<std::string> files_matching(const std::string& pattern);

}  // namespace ashlar::dataframe

#pragma once
// Byte ranges of files, read with plain system calls: what tasks of read_csv do with a path.

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/base/buffer.hpp"
#include "ashlar/base/bytes.hpp"

namespace ashlar::dataframe {

/// Bytes [begin, end) of the file. `size`: what the file had when the frame was built.
/// Errors    IoError: missing, unreadable, changed since then.
struct FileRange {
  std::string file;
  std::int64_t begin = 0, end = 0, size = 0;
};
Buffer read_range(const FileRange& range);

/// The same bytes, one part after the other.
class RangeReader {
 public:
  explicit RangeReader(const FileRange& range);
  ~RangeReader();
  RangeReader(const RangeReader&) = delete;
  RangeReader& operator=(const RangeReader&) = delete;
  /// The next bytes, as many as there are, at most `nbytes`. Errors    as read_range.
  std::size_t read(std::byte* to, std::size_t nbytes);
  bool ended() const { return at_ == range_.end; }

 private:
  FileRange range_;
  std::int64_t at_;
  int fd_;
};

/// What must be done to the bytes of a file before they are CSV in UTF-8. Such a file is read as a whole.
struct FileDecoding {
  bool gzip = false, zstd = false, latin_1 = false;
  char comment = '\0', quote = '\0', sep = ',';  ///< the rest of a line behind `comment`, outside of quotes, is left out

  explicit operator bool() const { return gzip || zstd || latin_1 || comment != '\0'; }
  void encode(Writer& out) const { out.put(*this); }
};
/// The text of the file, of which it had `size` bytes; at least the first `wanted` bytes of text, or all of it: then `whole` is set.
/// Errors    IoError as read_range; a compressed file that is damaged or ends early.
std::string read_decoded(const std::string& file, std::int64_t size, const FileDecoding& decoding, std::int64_t wanted, bool& whole);

/// Errors    IoError: missing, a folder.
std::int64_t file_size(const std::string& file);
/// The files a path or pattern stands for, sorted. IoError when there is none.
std::vector<std::string> files_matching(const std::string& pattern);

}  // namespace ashlar::dataframe

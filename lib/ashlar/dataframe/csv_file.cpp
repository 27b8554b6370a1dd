#include "ashlar/dataframe/csv_file.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "ashlar/base/error.hpp"

namespace ashlar::dataframe {
namespace {

[[noreturn]] void failed(const std::string& file, const char* what) {
  const int error = errno;
  throw IoError(std::string(what) + " \"" + file + "\": " + std::strerror(error));
}

}  // namespace

RangeReader::RangeReader(const FileRange& range) : range_(range), at_(range.begin), fd_(::open(range.file.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) failed(range.file, "cannot open");
  struct stat found {};
  const bool seen = ::fstat(fd_, &found) == 0;
  if (seen && found.st_size == range.size) return;
  const int error = errno;
  ::close(fd_);
  errno = error;
  if (!seen) failed(range.file, "cannot read");
  throw IoError("the file \"" + range.file + "\" changed since the dataframe was built: it had " + std::to_string(range.size) + " bytes, it has " +
                std::to_string(found.st_size));
}
RangeReader::~RangeReader() { ::close(fd_); }

std::size_t RangeReader::read(std::byte* to, std::size_t nbytes) {
  const std::size_t length = std::min(nbytes, static_cast<std::size_t>(range_.end - at_));
  std::size_t done = 0;
  while (done < length) {
    const ssize_t n = ::pread(fd_, to + done, std::min<std::size_t>(length - done, std::size_t{1} << 30), at_ + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) failed(range_.file, "cannot read");
    if (n == 0) throw IoError("the file \"" + range_.file + "\" ended early: wanted bytes up to " + std::to_string(range_.end) + ", found " +
                              std::to_string(at_ + static_cast<std::int64_t>(done)));
    done += static_cast<std::size_t>(n);
  }
  at_ += static_cast<std::int64_t>(length);
  return length;
}

Buffer read_range(const FileRange& range) {
  RangeReader file(range);
  const auto length = static_cast<std::size_t>(range.end - range.begin);
  Buffer buffer = Buffer::allocate(std::max<std::size_t>(length, 1));
  file.read(buffer.data(), length);
  return buffer;
}

std::int64_t file_size(const std::string& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) failed(file, "cannot open");
  if (S_ISDIR(found.st_mode)) throw IoError("\"" + file + "\" is a folder, a file is wanted; its files are \"" + file + "/*\"");
  return found.st_size;
}

std::vector<std::string> files_matching(const std::string& pattern) {
  // A file whose name looks like a pattern is that file.
  if (pattern.find_first_of("*?[") == std::string::npos || ::access(pattern.c_str(), F_OK) == 0) return {pattern};
  glob_t found{};
  const int result = ::glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<std::string> files;
  if (result == 0) files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (files.empty()) throw IoError("no file matches the pattern \"" + pattern + "\"");
  return files;
}

}  // namespace ashlar::dataframe

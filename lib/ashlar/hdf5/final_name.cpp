#include "ashlar/hdf5/final_name.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "ashlar/base/error.hpp"

namespace ashlar::hdf5 {

namespace {

namespace fs = std::filesystem;
constexpr char separator = '~';
constexpr char ending[] = "~ashlar";
constexpr std::size_t longest_name = 255;

/// Where process numbers mean something: one boot of one machine, one pid namespace.
struct Machine {
  std::string host, boot, space;
};

const Machine& this_machine() {
  static const Machine machine = [] {
    Machine m;
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    for (const char* c = name; *c; c++) m.host += *c == separator || *c == '/' ? '_' : *c;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> m.boot;
    m.boot = m.boot.substr(0, 8);
    struct stat s {};
    if (stat("/proc/self/ns/pid", &s) == 0) m.space = std::to_string(s.st_ino);
    return m;
  }();
  return machine;
}

/// Clock ticks from boot to the start of a process; pids come round again, pid and start together do not.
std::optional<std::string> start_of(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  // Field 22, counted behind the command's name, which may itself hold blanks and parentheses.
  auto at = line.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; field++) at = line.find(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  // A zombie writes no more, though its parent has not asked for it yet.
  const char state = line[line.rfind(')') + 2];
  if (state == 'Z' || state == 'X') return std::nullopt;
  return line.substr(at + 1, line.find(' ', at + 1) - at - 1);
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

fs::path folder_of(const std::string& path) {
  const auto folder = fs::path(path).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

/// What all temporaries of a final name begin with. Long names are cut and told apart by a number made of the whole name.
std::string beginning(const std::string& final_path) {
  const std::string name = fs::path(final_path).filename().string();
  constexpr std::size_t room = 120;
  if (name.size() <= room) return "." + name + separator;
  std::uint64_t h = 1469598103934665603u;
  for (unsigned char c : name) h = (h ^ c) * 1099511628211u;
  return "." + name.substr(0, room - 20) + "-" + std::to_string(h) + separator;
}

bool writer_is_gone(const std::string& fields, const fs::path& file) {
  const auto parts = split(fields);
  if (parts.size() != 6) return false;
  const Machine& here = this_machine();
  if (parts[0] != here.host) return false;
  if (parts[1] == here.boot && parts[2] == here.space) {
    const auto start = start_of(parts[3]);
    return !start || *start != parts[4];
  }
  struct stat s {};
  return stat(file.c_str(), &s) == 0 && std::time(nullptr) - s.st_mtime > 24 * 3600;
}

}  // namespace

std::string real_path(const std::string& path) {
  std::error_code error;
  const auto real = fs::canonical(path, error);
  return error ? path : real.string();
}

std::string temporary_name(const std::string& final_path) {
  static std::atomic<std::uint64_t> counter{0};
  const std::string path = real_path(final_path);
  struct stat s {};
  if (fs::path(path).filename().empty()) throw IoError("cannot write " + final_path + ": not the name of a file");
  if (stat(path.c_str(), &s) == 0 && !S_ISREG(s.st_mode))
    throw IoError("cannot write " + final_path + ": it exists and is not a regular file");
  // A rename would not ask, but who made a file read-only does not want it replaced.
  if (access(path.c_str(), F_OK) == 0 && access(path.c_str(), W_OK) != 0)
    throw IoError("cannot write " + final_path + ": " + std::strerror(errno));
  const auto folder = folder_of(path);
  if (stat(folder.c_str(), &s) != 0)
    throw IoError("cannot write " + final_path + ": folder " + folder.string() + ": " + std::strerror(errno));
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    throw IoError("cannot write " + final_path + ": folder " + folder.string() + ": " + std::strerror(errno));
  const Machine& here = this_machine();
  const std::string pid = std::to_string(getpid());
  std::string name = beginning(path);
  for (const std::string& field : {here.host, here.boot, here.space, pid, start_of(pid).value_or("0")}) name += field + separator;
  name += std::to_string(counter++) + ending;
  if (name.size() > longest_name)
    throw IoError("cannot write " + final_path + ": its temporary name would have " + std::to_string(name.size()) + " characters");
  return (folder / name).string();
}

void publish(const std::string& temporary, const std::string& final_path) {
  const std::string path = real_path(final_path);
  struct stat old {};
  // A file made anew has the permissions of the umask; one that is replaced keeps its own.
  if (stat(path.c_str(), &old) == 0 && chmod(temporary.c_str(), old.st_mode & 07777) != 0 && errno != EPERM)
    throw IoError("cannot give " + temporary + " the permissions of " + path + ": " + std::strerror(errno));
  if (std::rename(temporary.c_str(), path.c_str()) != 0)
    throw IoError("cannot rename " + temporary + " to " + final_path + ": " + std::strerror(errno));
}

void discard(const std::string& temporary) noexcept { ::unlink(temporary.c_str()); }

int remove_leftovers(const std::string& final_path) noexcept try {
  const std::string path = real_path(final_path), first = beginning(path);
  std::vector<fs::path> gone;
  for (const auto& entry : fs::directory_iterator(folder_of(path))) {
    const std::string name = entry.path().filename().string();
    const std::size_t end = name.rfind(ending);
    if (!name.starts_with(first) || end == std::string::npos || end <= first.size()) continue;
    // MPI-IO may have put a file of its own beside ours: Open MPI tries locks, on opening, on NAME.locktest.RANK.
    const std::string_view behind = std::string_view(name).substr(end + sizeof ending - 1);
    if (!behind.empty() && behind[0] != '.') continue;
    if (writer_is_gone(name.substr(first.size(), end - first.size()), entry.path())) gone.push_back(entry.path());
  }
  int removed = 0;
  for (const auto& file : gone) removed += ::unlink(file.c_str()) == 0;
  return removed;
} catch (...) {
  return 0;  // leftovers are a nuisance, never a reason to fail
}

}  // namespace ashlar::hdf5

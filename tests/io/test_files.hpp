#pragma once
// A folder for the files of a test, what h5py says about one, and the message of an error.

#include <ashlar/ashlar.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace al = ashlar;
namespace fs = std::filesystem;

namespace test_files {

// A folder of this test's own, removed at the end of it.
class Folder {
 public:
  Folder() : path_((fs::temp_directory_path() / "ashlar-test-io-XXXXXX").string()) {
    if (!mkdtemp(path_.data())) throw std::runtime_error("no temporary folder");
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(path_)) all.push_back(entry.path().filename().string());
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  std::string path_;
};

// What a piece of Python prints that has the file open in h5py as `f`.
inline std::string h5py(const std::string& file, const std::string& code) {
  const std::string command = PYTHON " -c 'import h5py, numpy\nf = h5py.File(\"" + file + "\", \"r\")\n" + code + "' 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  char piece[4096];
  while (std::size_t n = std::fread(piece, 1, sizeof piece, pipe)) text.append(piece, n);
  pclose(pipe);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

template <class E, class F>
std::string message_of(F&& what) {
  try {
    what();
  } catch (const E& e) {
    return e.what();
  } catch (const std::exception& e) {
    return std::string("another error: ") + e.what();
  }
  return "nothing was thrown";
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace test_files

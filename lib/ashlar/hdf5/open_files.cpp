#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <list>

#include "ashlar/hdf5/attributes_detail.hpp"
#include "ashlar/hdf5/final_name.hpp"
#include "ashlar/hdf5/open_files_detail.hpp"
#include "ashlar/hdf5/parts.hpp"

namespace ashlar::hdf5 {

namespace {

constexpr std::size_t open_files_max = 16;

struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  off_t nbytes = 0;
  std::int64_t seconds = 0, nanoseconds = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

Identity identity(const std::string& path) {
  struct stat s {};
  if (stat(path.c_str(), &s) != 0) throw IoError("cannot read " + path + ": " + std::strerror(errno));
  if (S_ISDIR(s.st_mode)) throw IoError("cannot read " + path + ": it is a folder");
  return {s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
}

struct Entry {
  Identity identity;
  OpenFile file;
};

/// Most recently used first. Never freed: HDF5 may be gone when static objects are.
std::list<Entry>& entries() {
  static auto* const all = new std::list<Entry>;
  return *all;
}

FileHandle open_for_reading(const std::string& path) {
  const Place at{path};
  PropertyHandle access = property_list(H5P_FILE_ACCESS, at);
  // No lock: files stay open here, and a lock would keep others from appending. What guards readers is the rename of complete
  // files and the mark of incomplete datasets. HDF5_USE_FILE_LOCKING in the environment still has the last word.
  checked(H5Pset_file_locking(access.get(), 0, 1), "H5Pset_file_locking", at);
  return FileHandle(checked(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), "H5Fopen", at));
}

/// A compressed chunk is unpacked as a whole, so neighbours that are read next should find it in the cache.
PropertyHandle dataset_access(const DatasetInfo& info, const Place& at) {
  PropertyHandle access = property_list(H5P_DATASET_ACCESS, at);
  if (info.filters.empty() || info.storage_chunks.empty() || !info.dtype) return access;
  std::size_t nbytes = static_cast<std::size_t>(itemsize(*info.dtype));
  for (index_t n : info.storage_chunks) nbytes *= static_cast<std::size_t>(n);
  constexpr std::size_t least = 1 << 20, most = 64 << 20;
  checked(H5Pset_chunk_cache(access.get(), 521, std::clamp(8 * nbytes, least, most), 0.75), "H5Pset_chunk_cache", at);
  return access;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); j++) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); i++) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); j++) {
      const std::size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

herr_t note_dataset(hid_t, const char* name, const H5O_info_t* info, void* into) {
  auto& names = *static_cast<std::vector<std::string>*>(into);
  if (info->type == H5O_TYPE_DATASET) names.push_back(std::string("/") + name);
  return names.size() < 10'000 ? 0 : 1;
}

}  // namespace

void check_hdf5_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw IoError("cannot read " + path + ": " + std::strerror(errno));
  static constexpr unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  unsigned char bytes[8];
  bool found = false;
  for (off_t at = 0; !found && pread(file, bytes, sizeof bytes, at) == sizeof bytes; at = at ? 2 * at : 512)
    found = std::memcmp(bytes, signature, sizeof bytes) == 0;
  ::close(file);
  if (!found) throw IoError(path + " is not an HDF5 file: its signature is missing");
}

void throw_missing_dataset(hid_t file, const std::string& name, const std::string& path) {
  std::vector<std::string> names;
  H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, note_dataset, &names, H5O_INFO_BASIC);
  H5Eclear2(H5E_DEFAULT);
  std::vector<std::pair<std::size_t, std::string>> nearest;
  for (auto& found : names) nearest.emplace_back(edit_distance(found, name), std::move(found));
  std::sort(nearest.begin(), nearest.end());
  std::string text = "no dataset " + name + " in " + path;
  if (nearest.empty()) throw KeyError(text + "; it holds no dataset at all");
  text += "; there " + std::string(nearest.size() == 1 ? "is " : "are ");
  constexpr std::size_t shown = 5;
  for (std::size_t i = 0; i < std::min(shown, nearest.size()); i++) text += (i ? ", " : "") + nearest[i].second;
  if (nearest.size() > shown) text += " and " + std::to_string(nearest.size() - shown) + " more";
  throw KeyError(text);
}

// HDF5 gives fill values for files that are not there. Of a file that we made of parts that is never meant.
static void check_parts(hid_t file, const std::string& path) {
  const Place at{path};
  if (!has_attribute(file, parts_attribute, at)) return;
  std::vector<std::string> names;
  for (const Attribute& attribute : read_attributes(file, at)) {
    if (attribute.name != parts_attribute) continue;
    if (const auto* list = std::get_if<std::vector<std::string>>(&attribute.value)) names = *list;
    if (const auto* one = std::get_if<std::string>(&attribute.value)) names = {*one};
  }
  const std::filesystem::path folder = std::filesystem::path(real_path(path)).parent_path();
  std::error_code error;
  for (const std::string& name : names)
    if (!std::filesystem::exists(folder / name, error)) throw IoError("cannot read " + path + ": its part " + name + " is not beside it; the files are to be moved together");
}

OpenDataset& OpenFile::dataset(const std::string& wanted) {
  const std::string name = dataset_name(wanted);
  if (const auto found = datasets.find(name); found != datasets.end()) return found->second;
  const Place at = dataset_of(path, name);
  if (!has_dataset(file.get(), name, path)) throw_missing_dataset(file.get(), name, path);
  OpenDataset opened{open_dataset(file.get(), name, path), {}};
  opened.info = dataset_info(opened.handle.get(), name, path);
  if (!opened.info.filters.empty()) {
    const PropertyHandle access = dataset_access(opened.info, at);
    // Closed first: a dataset that is open already keeps the cache it has.
    opened.handle.close("H5Dclose", at);
    opened.handle = DatasetHandle(checked(H5Dopen2(file.get(), name.c_str(), access.get()), "H5Dopen2", at));
  }
  if (opened.info.is_virtual) check_parts(file.get(), path);
  return datasets.emplace(name, std::move(opened)).first->second;
}

OpenFile& open_file(const std::string& path) {
  auto& all = entries();
  const Identity now = identity(path);
  const auto found = std::find_if(all.begin(), all.end(), [&](const Entry& e) { return e.file.path == path; });
  if (found != all.end() && found->identity == now) {
    all.splice(all.begin(), all, found);
    return all.front().file;
  }
  if (found != all.end()) all.erase(found);
  check_hdf5_file(path);
  FileHandle file;
  try {
    file = open_for_reading(path);
  } catch (const IoError&) {
    // A virtual dataset may hold it open, by other rules for locks.
    if (all.empty()) throw;
    all.clear();
    file = open_for_reading(path);
  }
  all.push_front({now, {path, std::move(file), {}}});
  if (all.size() > open_files_max) all.pop_back();
  return all.front().file;
}

void forget_open_file(const std::string& path) {
  entries().remove_if([&](const Entry& e) { return e.file.path == path; });
}

void forget_all_open_files() { entries().clear(); }

bool forget_stale_open_files() {
  entries().remove_if([](const Entry& e) {
    try {
      return identity(e.file.path) != e.identity;
    } catch (const IoError&) {
      return true;
    }
  });
  return !entries().empty();
}

void forget_other_open_files(const std::string& path) {
  entries().remove_if([&](const Entry& e) { return e.file.path != path; });
}

}  // namespace ashlar::hdf5

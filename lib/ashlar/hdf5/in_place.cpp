#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "ashlar/hdf5/attributes_detail.hpp"
#include "ashlar/hdf5/dimensions_detail.hpp"
#include "ashlar/hdf5/hyperslab_detail.hpp"
#include "ashlar/hdf5/in_place_detail.hpp"
#include "ashlar/hdf5/open_files_detail.hpp"

namespace ashlar::hdf5 {

namespace {

/// Access for one process. Chunks from 1 MiB on begin at a page: a write of a whole chunk then touches whole pages only.
PropertyHandle serial_access(const Place& at) {
  PropertyHandle access = property_list(H5P_FILE_ACCESS, at);
  checked(H5Pset_alignment(access.get(), 1 << 20, 4096), "H5Pset_alignment", at);
  // The lock is ours (see FileLock): HDF5's own would meet it and fail.
  checked(H5Pset_file_locking(access.get(), 0, 1), "H5Pset_file_locking", at);
  return access;
}

/// A file whose flush may fail must say so before its handle is gone.
void close_flushed(FileHandle& file, const Place& at) {
  checked(H5Fflush(file.get(), H5F_SCOPE_LOCAL), "H5Fflush", at);
  file.close("H5Fclose", at);
}

void write_back(hid_t dataset, const Rectangle& part, hid_t type, const Place& at) {
  std::vector<hsize_t> start(part.start.begin(), part.start.end()), count(part.count.begin(), part.count.end());
  SpaceHandle file(checked(H5Dget_space(dataset), "H5Dget_space", at));
  SpaceHandle memory;
  std::size_t elements = 1;
  for (hsize_t n : count) elements *= n;
  if (!count.empty()) {
    checked(H5Sselect_hyperslab(file.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), "H5Sselect_hyperslab", at);
    memory = SpaceHandle(checked(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), "H5Screate_simple", at));
  }
  std::vector<std::byte> bytes(elements * H5Tget_size(type));
  const hid_t in_memory = memory ? memory.get() : H5S_ALL, in_file = memory ? file.get() : H5S_ALL;
  checked(H5Dread(dataset, type, in_memory, in_file, H5P_DEFAULT, bytes.data()), "H5Dread", at);
  checked(H5Dwrite(dataset, type, in_memory, in_file, H5P_DEFAULT, bytes.data()), "H5Dwrite", at);
}

/// Storage that HDF5 has put off is made now, holding the fill value: independent writers cannot allocate.
void allocate_all(hid_t dataset, const DatasetInfo& info, const Place& at) {
  H5D_space_status_t status = H5D_SPACE_STATUS_ERROR;
  checked(H5Dget_space_status(dataset, &status), "H5Dget_space_status", at);
  if (status == H5D_SPACE_STATUS_ALLOCATED || info.empty || info.shape.elements() == 0) return;
  const TypeHandle type(checked(H5Dget_type(dataset), "H5Dget_type", at));
  const auto ndim = info.shape.size();
  Rectangle part{std::vector<index_t>(ndim, 0), std::vector<index_t>(ndim, 1), std::vector<index_t>(ndim, 1)};
  // One element written back allocates all of a contiguous dataset, and one of each chunk that chunk.
  if (info.storage_chunks.empty()) return write_back(dataset, part, type.get(), at);
  while (true) {
    const std::vector<hsize_t> corner(part.start.begin(), part.start.end());
    hsize_t nbytes = 0;
    // Of a chunk that is not there HDF5 says 0, or (index not made yet) fails.
    if (H5Dget_chunk_storage_size(dataset, corner.data(), &nbytes) < 0) H5Eclear2(H5E_DEFAULT), nbytes = 0;
    if (nbytes == 0) write_back(dataset, part, type.get(), at);
    std::size_t axis = ndim;
    while (axis > 0) {
      axis--;
      part.start[axis] += info.storage_chunks[axis];
      if (part.start[axis] < info.shape[axis]) break;
      part.start[axis] = 0;
      if (axis == 0) return;
    }
  }
}

/// ShapeError or IoError unless the dataset can grow as the specification says.
void check_append(const DatasetInfo& found, const DatasetSpec& spec, const std::string& what) {
  const auto axis = static_cast<std::size_t>(spec.append_axis);
  if (axis >= found.shape.size() || spec.shape.size() != found.shape.size())
    throw ShapeError("cannot append to " + what + " along axis " + std::to_string(axis) + ": it has shape " + to_string(found.shape));
  for (std::size_t i = 0; i < found.shape.size(); i++) {
    const index_t length = i == axis ? spec.append_from : spec.shape[i];
    const index_t there = i == axis && found.incomplete ? found.append_from : found.shape[i];
    if (length != there)
      throw IoError("cannot append to " + what + ": axis " + std::to_string(i) + " has length " + std::to_string(there) + ", " + std::to_string(length) + " was expected");
  }
  const index_t most = found.max_shape.empty() ? found.shape[axis] : found.max_shape[axis];
  if (most != unlimited && spec.shape[axis] > most)
    throw IoError("cannot append to " + what + ": axis " + std::to_string(axis) + " may grow to " + std::to_string(most) + " (its maxshape), " + std::to_string(spec.shape[axis]) +
                  " are needed; make the dataset with .maxshape");
}

void check_found(const DatasetInfo& found, const DatasetSpec& spec, const std::string& path, hid_t dataset, Writers writers) {
  const std::string what = "dataset " + found.name + " of " + path;
  if (!found.dtype || found.empty)
    throw TypeError("cannot write into " + what + ": it holds " + (found.empty ? "nothing (a null dataspace)" : found.type) +
                    ", not numbers");
  if (found.is_virtual) throw IoError("cannot write into " + what + ": it is virtual, its elements stand in other files");
  if (!spec.existing && found.shape != spec.shape)
    throw IoError("cannot replace " + what + ": it has shape " + to_string(found.shape) + ", the new one " + to_string(spec.shape) +
                  "; data in a file keep their place, so take another name or write a new file");
  if (!spec.existing && (*found.dtype != spec.dtype || found.half != spec.half))
    throw IoError("cannot replace " + what + ": it holds " + found.type + ", the new one " + (spec.half ? "float16" : std::string(dtype_name(spec.dtype))) +
                  "; give it the same type (.dtype), take another name or write a new file");
  if (spec.append_axis >= 0) check_append(found, spec, what);
  // An append that did not end has left the rest as it was: the next one cuts it off.
  if (spec.existing && found.incomplete && !(spec.append_axis >= 0 && found.append_axis == spec.append_axis))
    throw IoError("cannot write a part of " + what + ": an earlier write into it did not end (" + incomplete_attribute +
                  " = 1), so the rest is not known; write it as a whole");
  if (!found.filters.empty() && writers == Writers::all)
    throw IoError("cannot write into " + what + ": it is stored with " + found.filters[0] + ", so it is written by rank 0 alone");
  const PropertyHandle creation(H5Dget_create_plist(dataset));
  const auto layout = H5Pget_layout(creation.get());
  if ((layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) || H5Pget_external_count(creation.get()) > 0)
    throw NotImplementedError("cannot write into " + what +
                              ": its storage is compact, virtual or in other files, which ranks cannot write independently");
}

void set_length(hid_t dataset, Shape shape, int axis, index_t length, const Place& at) {
  shape[static_cast<std::size_t>(axis)] = length;
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  checked(H5Dset_extent(dataset, extent.data()), "H5Dset_extent", at);
}

/// What make_ready would refuse, asked of all datasets before any of them is marked.
void check_ready(hid_t file, const DatasetSpec& spec, const std::string& path, Writers writers) {
  const std::string name = dataset_name(spec.name);
  if (!has_dataset(file, name, path)) {
    if (spec.existing) throw_missing_dataset(file, name, path);
    return;
  }
  DatasetHandle dataset = open_dataset(file, name, path);
  check_found(dataset_info(dataset.get(), name, path), spec, path, dataset.get(), writers);
  dataset.close("H5Dclose", dataset_of(path, name));
}

void make_ready(hid_t file, const DatasetSpec& spec, const std::string& path, Writers writers) {
  const std::string name = dataset_name(spec.name);
  const Place at = dataset_of(path, name);
  DatasetHandle dataset;
  if (has_dataset(file, name, path)) {
    dataset = open_dataset(file, name, path);
    DatasetInfo found = dataset_info(dataset.get(), name, path);
    if (spec.append_axis >= 0) write_attribute(dataset.get(), {append_attribute, std::vector<std::int64_t>{spec.append_axis, spec.append_from}}, at);
    write_attribute(dataset.get(), {incomplete_attribute, std::int64_t(1)}, at);
    if (spec.append_axis >= 0) {
      // The marks first: whoever finds a dataset that has grown must find them, too.
      checked(H5Fflush(file, H5F_SCOPE_LOCAL), "H5Fflush", at);
      if (found.incomplete) set_length(dataset.get(), found.shape, spec.append_axis, spec.append_from, at);
      set_length(dataset.get(), found.shape, spec.append_axis, spec.shape[static_cast<std::size_t>(spec.append_axis)], at);
      found = dataset_info(dataset.get(), name, path);
    }
    if (writers == Writers::all) allocate_all(dataset.get(), found, at);
    for (const auto& attribute : spec.attributes) write_attribute(dataset.get(), attribute, at);
  } else {
    dataset = create_dataset(file, spec, path);
    write_attribute(dataset.get(), {incomplete_attribute, std::int64_t(1)}, at);
  }
  dataset.close("H5Dclose", at);
}

}  // namespace

FileLock::FileLock(const std::string& path) {
  if (std::getenv("HDF5_USE_FILE_LOCKING")) return;
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor_ < 0) throw IoError("cannot write into " + path + ": " + std::strerror(errno));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  ::close(std::exchange(descriptor_, -1));
  if (error == EWOULDBLOCK) throw IoError("cannot write into " + path + ": another program has it open (it holds a lock on it)");
  // Any other answer means that there are no locks here (NFS without its daemon, Lustre without -o flock).
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void make_new_file(const std::string& path, const std::vector<DatasetSpec>& datasets, const Attributes& attributes) {
  const Place at{path};
  const PropertyHandle access = serial_access(at);
  FileHandle file(checked(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), "H5Fcreate", at));
  for (const auto& spec : datasets) {
    if (spec.existing) throw_missing_dataset(file.get(), dataset_name(spec.name), path);
    create_dataset(file.get(), spec, path).close("H5Dclose", dataset_of(path, spec.name));
  }
  write_dimensions(file.get(), datasets, path);
  for (const Attribute& attribute : attributes) write_attribute(file.get(), attribute, at);
  close_flushed(file, at);
}

FileHandle open_serially(const std::string& path) {
  const Place at{path};
  const PropertyHandle access = serial_access(at);
  return FileHandle(checked(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get()), "H5Fopen", at));
}

FileLock prepare_in_place(const std::string& path, const std::vector<DatasetSpec>& datasets, Writers writers) {
  const Place at{path};
  const PropertyHandle access = serial_access(at);
  struct stat s {};
  if (stat(path.c_str(), &s) != 0 && errno == ENOENT) {
    for (const auto& spec : datasets)
      if (spec.existing) throw IoError("cannot write a part of dataset " + spec.name + " of " + path + ": there is no such file");
    FileHandle file(checked(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, access.get()), "H5Fcreate", at));
    close_flushed(file, at);
  }
  check_hdf5_file(path);
  FileLock lock(path);
  FileHandle file(checked(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get()), "H5Fopen", at));
  check_dimensions(file.get(), datasets, path);
  for (const auto& spec : datasets) check_ready(file.get(), spec, path, writers);
  for (const auto& spec : datasets) make_ready(file.get(), spec, path, writers);
  write_dimensions(file.get(), datasets, path);
  close_flushed(file, at);
  return lock;
}

void undo_appends(const std::string& path, const std::vector<DatasetSpec>& datasets) {
  FileHandle file = open_serially(path);
  for (const auto& spec : datasets) {
    const std::string name = dataset_name(spec.name);
    const Place at = dataset_of(path, name);
    if (spec.append_axis < 0 || !has_dataset(file.get(), name, path)) continue;
    DatasetHandle dataset = open_dataset(file.get(), name, path);
    const DatasetInfo found = dataset_info(dataset.get(), name, path);
    if (!found.incomplete || found.append_axis != spec.append_axis) continue;
    set_length(dataset.get(), found.shape, found.append_axis, found.append_from, at);
    checked(H5Fflush(file.get(), H5F_SCOPE_LOCAL), "H5Fflush", at);
    remove_attribute(dataset.get(), incomplete_attribute, at);
    remove_attribute(dataset.get(), append_attribute, at);
    dataset.close("H5Dclose", at);
  }
  close_flushed(file, {path});
}

void finish_in_place(const std::string& path, const std::vector<DatasetSpec>& datasets) {
  const Place at{path};
  const PropertyHandle access = serial_access(at);
  FileHandle file(checked(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get()), "H5Fopen", at));
  for (const auto& spec : datasets) {
    const std::string name = dataset_name(spec.name);
    DatasetHandle dataset = open_dataset(file.get(), name, path);
    remove_attribute(dataset.get(), incomplete_attribute, dataset_of(path, name));
    remove_attribute(dataset.get(), append_attribute, dataset_of(path, name));
    dataset.close("H5Dclose", dataset_of(path, name));
  }
  close_flushed(file, at);
}

}  // namespace ashlar::hdf5

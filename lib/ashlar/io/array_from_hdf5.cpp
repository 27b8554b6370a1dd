#include "ashlar/io/array_from_hdf5.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "ashlar/array/expression.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/hdf5/final_name.hpp"
#include "ashlar/hdf5/reader.hpp"
#include "ashlar/hdf5/tree.hpp"
#include "ashlar/io/array_from_hdf5_detail.hpp"
#include "ashlar/io/netcdf_detail.hpp"

namespace ashlar {
namespace {

constexpr std::int64_t chunk_bytes = std::int64_t{128} << 20;

// Which file a name led to: one that replaced it has another number or another time of birth (zero where a file system keeps none).
struct FileIdentity {
  std::uint64_t inode = 0;
  std::int64_t born_s = 0, born_ns = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

FileIdentity identity_of(const std::string& file) {
  struct statx about;
  if (statx(AT_FDCWD, file.c_str(), 0, STATX_INO | STATX_BTIME, &about) != 0) return {};
  FileIdentity identity{about.stx_ino, 0, 0};
  if (about.stx_mask & STATX_BTIME) {
    identity.born_s = about.stx_btime.tv_sec;
    identity.born_ns = about.stx_btime.tv_nsec;
  }
  return identity;
}

class ReadChunk final : public OperationOf<ReadChunk> {
 public:
  ReadChunk(std::string file, std::string dataset, DType type, FileIdentity identity)
      : file_(std::move(file)), dataset_(std::move(dataset)), type_(type), identity_(identity) {}
  void encode(Writer& out) const override {
    out.text(file_);
    out.text(dataset_);
    out.put(type_);
    out.put(identity_);
  }
  static std::shared_ptr<const ReadChunk> decode(Reader& in) {
    std::string file = in.text(), dataset = in.text();
    const auto type = in.get<DType>();
    return std::make_shared<ReadChunk>(std::move(file), std::move(dataset), type, in.get<FileIdentity>());
  }
  Object run(TaskInput& task) const override {
    Reader payload(task.payload);
    const auto start = payload.array<index_t>();
    const Shape count(payload.array<index_t>());
    const auto step = payload.array<index_t>();
    Block block = hdf5::read(file_, dataset_, start, count, type_, step);
    // After the read: what was read is then surely of the file that is compared.
    if (identity_of(file_) != identity_) throw IoError(file_ + " was replaced after from_hdf5 looked at it: call from_hdf5 again");
    return Object::of(std::move(block));
  }

  const std::string& file() const { return file_; }
  const std::string& dataset() const { return dataset_; }

 private:
  std::string file_, dataset_;
  DType type_;
  FileIdentity identity_;
};

class ReadLayer final : public Layer {
 public:
  /// Elements first + step * i of each axis, in these chunks.
  ReadLayer(std::shared_ptr<const ReadChunk> operation, const Chunks& chunks, DType type, std::span<const index_t> first, std::span<const index_t> step)
      : Layer("from-hdf5"), operation_(std::move(operation)), chunks_(chunks), step_(step.begin(), step.end()), type_(type) {
    auto origin = first.begin();
    auto distance = step.begin();
    for (const auto& axis : chunks_) {
      size_ *= static_cast<std::int64_t>(axis.size());
      std::vector<index_t> start{*origin++};
      for (index_t n : axis) start.push_back(start.back() + n * *distance);
      ++distance;
      starts_.push_back(std::move(start));
    }
  }
  std::int64_t size() const override { return size_; }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t, std::vector<TaskRef>&) const override {}
  void encode_task(std::int64_t index, Writer& out) const override {
    const auto at = position(index);
    std::vector<index_t> start, count;
    for (std::size_t a = 0; a < at.size(); ++a) {
      start.push_back(starts_[a][at[a]]);
      count.push_back(chunks_[a][at[a]]);
    }
    out.array(start);
    out.array(count);
    out.array(step_);
  }
  std::int64_t nbytes(std::int64_t index) const override {
    const auto at = position(index);
    std::int64_t n = itemsize(type_);
    for (std::size_t a = 0; a < at.size(); ++a) n *= chunks_[a][at[a]];
    return n;
  }

 private:
  std::vector<std::size_t> position(std::int64_t index) const {
    std::vector<std::size_t> at(chunks_.size());
    for (std::size_t a = at.size(); a-- > 0;) {
      at[a] = static_cast<std::size_t>(index) % chunks_[a].size();
      index /= static_cast<std::int64_t>(chunks_[a].size());
    }
    return at;
  }
  std::shared_ptr<const ReadChunk> operation_;
  Chunks chunks_;
  std::vector<std::vector<index_t>> starts_;
  std::vector<index_t> step_;
  DType type_;
  std::int64_t size_ = 1;
};

// Whole storage chunks, joined along the last axes first until a chunk is about the size aimed at.
ChunkSpec along_storage(const hdf5::DatasetInfo& info, DType type) {
  if (info.storage_chunks.empty()) return ChunkSpec("auto");
  std::vector<index_t> sizes = info.storage_chunks;
  std::int64_t bytes = itemsize(type);
  for (index_t n : sizes) bytes *= std::max<index_t>(n, 1);
  for (std::size_t a = sizes.size(); a-- > 0;)
    while (bytes * 2 <= chunk_bytes && sizes[a] < info.shape[a]) {
      sizes[a] *= 2;
      bytes *= 2;
    }
  for (std::size_t a = 0; a < sizes.size(); ++a) sizes[a] = std::max<index_t>(std::min(sizes[a], info.shape[a]), 1);
  return ChunkSpec(sizes);
}

std::string_view without_leading_slash(std::string_view name) {
  while (!name.empty() && name.front() == '/') name.remove_prefix(1);
  return name;
}

}  // namespace

namespace io {

bool reads(const Layer& layer, const std::string& real_path, const std::string& dataset) {
  const auto operation = layer.operation();
  const auto* read = dynamic_cast<const ReadChunk*>(operation.get());
  return read && without_leading_slash(read->dataset()) == without_leading_slash(dataset) && hdf5::real_path(read->file()) == real_path;
}

}  // namespace io

namespace {

// Digits compare as the number they are: "x.2.h5" comes before "x.10.h5".
bool natural_less(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  while (i < a.size() && j < b.size()) {
    if (!digit(a[i]) || !digit(b[j])) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i, ++j;
      continue;
    }
    const auto number = [&](const std::string& text, std::size_t& at) {
      while (at + 1 < text.size() && text[at] == '0' && digit(text[at + 1])) ++at;
      const std::size_t begin = at;
      while (at < text.size() && digit(text[at])) ++at;
      return std::string_view(text).substr(begin, at - begin);
    };
    const auto x = number(a, i), y = number(b, j);
    if (x.size() != y.size()) return x.size() < y.size();
    if (x != y) return x < y;
  }
  if ((i < a.size()) != (j < b.size())) return j < b.size();
  return a < b;
}

// The files that a name with wildcards stands for; a file of that very name comes first.
std::vector<std::string> files_of(const std::string& name) {
  std::error_code error;
  if (name.find_first_of("*?[") == std::string::npos || std::filesystem::exists(name, error)) return {name};
  glob_t found{};
  const int status = glob(name.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> files(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (status == GLOB_NOMATCH || files.empty()) throw IoError("no file fits " + name);
  if (status != 0) throw IoError("cannot look for " + name + ": a folder cannot be read");
  std::sort(files.begin(), files.end(), natural_less);
  return files;
}

ArrayPtr array_from_one(const std::string& file, const std::string& dataset, DType wanted, const FromHdf5Options& options) {
  const FileIdentity identity = identity_of(file);
  const hdf5::DatasetInfo info = hdf5::describe(file, dataset);
  // What is decoded is read as it stands.
  const DType type = options.mask_and_scale ? io::type_to_decode(info, file, wanted) : wanted;
  // Reading nothing at all says what reading something would: a type that does not fit, a write that has not ended.
  if (!info.empty) hdf5::read(file, dataset, std::vector<index_t>(info.shape.size(), 0), Shape(std::vector<index_t>(info.shape.size(), 0)), type);
  if (info.empty) throw ShapeError(file + ": the dataset " + dataset + " has neither shape nor elements (HDF5's null dataspace)");
  const Chunks chunks = normalize_chunks(options.chunks.axes.empty() ? along_storage(info, wanted) : options.chunks, info.shape, itemsize(wanted));
  const std::string path = std::filesystem::absolute(file).string();
  const auto operation = std::make_shared<ReadChunk>(path, dataset, type, identity);
  const MakePartTasks read = [operation, type](GraphBuilder& builder, std::span<const index_t> start, std::span<const index_t> step, const Chunks& part) {
    auto layer = std::make_shared<ReadLayer>(operation, part, type, start, step);
    const std::int64_t n = layer->size();
    const std::int32_t number = builder.add(std::move(layer));
    std::vector<TaskRef> refs;
    for (std::int64_t i = 0; i < n; ++i) refs.push_back({number, i});
    return refs;
  };
  ArrayPtr stored = make_source(
      type, info.shape, chunks,
      [read, chunks](GraphBuilder& builder) {
        return read(builder, std::vector<index_t>(chunks.size(), 0), std::vector<index_t>(chunks.size(), 1), chunks);
      },
      "from-hdf5", read);
  return options.mask_and_scale ? io::decoded(std::move(stored), info, file, wanted) : stored;
}

}  // namespace

ArrayPtr detail::array_from_hdf5(const std::string& file, const std::string& dataset, DType type, const FromHdf5Options& options) {
  const std::vector<std::string> files = files_of(file);
  if (files.size() == 1) return array_from_one(files[0], dataset, type, options);
  std::vector<ArrayPtr> parts;
  for (const std::string& one : files) {
    parts.push_back(array_from_one(one, dataset, type, options));
    const Shape &first = parts.front()->shape(), &shape = parts.back()->shape();
    const int ndim = first.ndim();
    if (options.axis < -ndim || options.axis >= ndim)
      throw ValueError("from_hdf5: there is no axis " + std::to_string(options.axis) + " along which " + dataset + " of " + one + ", shape " + to_string(shape) + ", could follow others");
    const auto axis = static_cast<std::size_t>(options.axis < 0 ? options.axis + ndim : options.axis);
    bool fits = shape.size() == first.size();
    for (std::size_t a = 0; fits && a < shape.size(); ++a) fits = a == axis || shape[a] == first[a];
    if (!fits)
      throw ShapeError("from_hdf5: " + dataset + " of " + one + " has shape " + to_string(shape) + ", that of " + files.front() + " has " + to_string(first) +
                       ": they cannot follow one another along axis " + std::to_string(axis));
  }
  const int ndim = parts.front()->shape().ndim();
  return expression::concatenate(std::move(parts), options.axis < 0 ? options.axis + ndim : options.axis);
}

std::vector<Hdf5Dimension> dims_hdf5(const std::string& file, const std::string& dataset) {
  hdf5::DatasetInfo info = hdf5::describe(file, dataset);
  info.dims.resize(info.shape.size());
  std::vector<Hdf5Dimension> dims;
  for (std::size_t axis = 0; axis < info.dims.size(); ++axis) dims.push_back({std::move(info.dims[axis].name), info.shape[axis], std::move(info.dims[axis].scales)});
  return dims;
}

std::vector<Attribute> attributes_hdf5(const std::string& file, const std::string& object) {
  std::vector<Attribute> all;
  for (hdf5::Attribute& attribute : hdf5::attributes(file, object)) {
    Attribute one{Name(attribute.name), AttributeValue(index_t{0})};
    one.value.v = std::move(attribute.value);
    all.push_back(std::move(one));
  }
  return all;
}

Hdf5Info info_hdf5(const std::string& file) {
  std::ostringstream text;
  text << hdf5::tree(file);
  return Hdf5Info(text.str());
}

std::ostream& operator<<(std::ostream& out, const Hdf5Info& info) { return out << info.text(); }

}  // namespace ashlar

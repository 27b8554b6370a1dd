#include "ashlar/io/array_to_hdf5.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "ashlar/base/error.hpp"
#include "ashlar/graph/services.hpp"
#include "ashlar/hdf5/final_name.hpp"
#include "ashlar/hdf5/reader.hpp"
#include "ashlar/hdf5/thread.hpp"
#include "ashlar/io/array_from_hdf5_detail.hpp"
#include "ashlar/io/open_files_detail.hpp"
#include "ashlar/mpi/workers.hpp"
#include "ashlar/ndarray/slice.hpp"

namespace ashlar::io {

OpenFiles& OpenFiles::instance() {
  static auto* files = new OpenFiles;
  return *files;
}
void OpenFiles::put(std::int64_t write, Files files) {
  std::lock_guard lock(mutex_);
  files_[write] = std::make_shared<Files>(std::move(files));
}
std::shared_ptr<OpenFiles::Files> OpenFiles::get(std::int64_t write) {
  std::lock_guard lock(mutex_);
  const auto it = files_.find(write);
  if (it == files_.end()) throw InternalError("a chunk came after its file was closed");
  return it->second;
}
std::shared_ptr<OpenFiles::Files> OpenFiles::take(std::int64_t write) {
  std::lock_guard lock(mutex_);
  const auto it = files_.find(write);
  if (it == files_.end()) return nullptr;
  auto files = std::move(it->second);
  files_.erase(it);
  return files;
}

namespace {

// One file of a write, as every worker is told of it.
struct FilePlan {
  std::string path;  // the temporary name, or the file itself when written in place
  std::string final_path;
  bool in_place = false;
  std::vector<hdf5::DatasetSpec> datasets;
};

void encode_attribute(Writer& out, const hdf5::Attribute& attribute) {
  out.text(attribute.name);
  detail::encode_value(out, attribute.value);
}

void encode_plan(Writer& out, const FilePlan& plan) {
  out.text(plan.path);
  out.put(plan.in_place);
  out.put<std::uint64_t>(plan.datasets.size());
  for (const hdf5::DatasetSpec& d : plan.datasets) {
    out.text(d.name);
    out.put(d.dtype);
    out.array(d.shape.v);
    out.array(d.storage_chunks);
    out.put<std::uint64_t>(d.attributes.size());
    for (const hdf5::Attribute& a : d.attributes) encode_attribute(out, a);
    out.text(d.compression);
    out.put(d.existing);
  }
}

FilePlan decode_plan(Reader& in) {
  FilePlan plan;
  plan.path = in.text();
  plan.in_place = in.get<bool>();
  plan.datasets.resize(in.get<std::uint64_t>());
  for (hdf5::DatasetSpec& d : plan.datasets) {
    d.name = in.text();
    d.dtype = in.get<DType>();
    d.shape = Shape(in.array<index_t>());
    d.storage_chunks = in.array<index_t>();
    d.attributes.resize(in.get<std::uint64_t>());
    for (hdf5::Attribute& a : d.attributes) {
      a.name = in.text();
      a.value = detail::decode_value<hdf5::AttributeValue>(in);
    }
    d.compression = in.text();
    d.existing = in.get<bool>();
  }
  return plan;
}

// Opens the files of a write on this worker. Collective over the workers.
class OpenForWriting final : public OperationOf<OpenForWriting> {
 public:
  OpenForWriting(std::int64_t write, std::vector<FilePlan> plans) : write_(write), plans_(std::move(plans)) {}
  void encode(Writer& out) const override {
    out.put(write_);
    out.put<std::uint64_t>(plans_.size());
    for (const FilePlan& plan : plans_) encode_plan(out, plan);
  }
  static std::shared_ptr<const OpenForWriting> decode(Reader& in) {
    const auto write = in.get<std::int64_t>();
    std::vector<FilePlan> plans(in.get<std::uint64_t>());
    for (FilePlan& plan : plans) plan = decode_plan(in);
    return std::make_shared<OpenForWriting>(write, std::move(plans));
  }
  Object run(TaskInput&) const override {
    const MPI_Comm comm = mpi::workers_communicator();
    OpenFiles::Files files;
    try {
      for (const FilePlan& plan : plans_)
        files.push_back(plan.in_place ? hdf5::ParallelFile::open_in_place(comm, plan.path, plan.datasets) : hdf5::ParallelFile::create(comm, plan.path, plan.datasets));
    } catch (...) {
      // The error is everybody's, and so is the way back.
      const std::exception_ptr error = std::current_exception();
      for (hdf5::ParallelFile& file : files) {
        try {
          file.close(error);
        } catch (...) {
        }
      }
      throw;
    }
    OpenFiles::instance().put(write_, std::move(files));
    return {};
  }

 private:
  std::int64_t write_;
  std::vector<FilePlan> plans_;
};

// Closes them, with the text of what went wrong elsewhere if something did. Collective over the workers.
class CloseAfterWriting final : public OperationOf<CloseAfterWriting> {
 public:
  CloseAfterWriting(std::int64_t write, std::string failure) : write_(write), failure_(std::move(failure)) {}
  void encode(Writer& out) const override {
    out.put(write_);
    out.text(failure_);
  }
  static std::shared_ptr<const CloseAfterWriting> decode(Reader& in) {
    const auto write = in.get<std::int64_t>();
    return std::make_shared<CloseAfterWriting>(write, in.text());
  }
  Object run(TaskInput&) const override {
    const auto files = OpenFiles::instance().take(write_);
    std::exception_ptr first;
    if (files)
      for (hdf5::ParallelFile& file : *files) {
        try {
          file.close(failure_.empty() ? nullptr : std::make_exception_ptr(IoError(failure_)));
        } catch (...) {
          if (!first) first = std::current_exception();
        }
      }
    if (first && failure_.empty()) std::rethrow_exception(first);
    return {};
  }

 private:
  std::int64_t write_;
  std::string failure_;
};

// Writes one chunk where its offsets say.
class WriteChunk final : public OperationOf<WriteChunk> {
 public:
  WriteChunk(std::int64_t write, int file, int dataset) : write_(write), file_(file), dataset_(dataset) {}
  void encode(Writer& out) const override {
    out.put(write_);
    out.put(file_);
    out.put(dataset_);
  }
  static std::shared_ptr<const WriteChunk> decode(Reader& in) {
    const auto write = in.get<std::int64_t>();
    const auto file = in.get<int>();
    return std::make_shared<WriteChunk>(write, file, in.get<int>());
  }
  Object run(TaskInput& task) const override {
    Reader payload(task.payload);
    const auto offsets = payload.array<index_t>();
    const auto lengths = payload.array<index_t>();
    Block block = std::move(task.inputs.at(0)).take<Block>();
    if (block.size() == 0) return {};
    // An axis that a region takes by number is there in the file and not in the array.
    if (lengths.size() != block.shape().size()) block = block.reshape(Shape(lengths));
    const auto files = OpenFiles::instance().get(write_);
    files->at(static_cast<std::size_t>(file_)).write(dataset_, offsets, block);
    return {};
  }

 private:
  std::int64_t write_;
  int file_, dataset_;
};

class WriteLayer final : public Layer {
 public:
  WriteLayer(std::shared_ptr<const WriteChunk> operation, std::vector<TaskRef> chunks, std::vector<std::vector<index_t>> offsets, std::vector<std::vector<index_t>> lengths)
      : Layer("write-hdf5"), operation_(std::move(operation)), chunks_(std::move(chunks)), offsets_(std::move(offsets)), lengths_(std::move(lengths)) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(chunks_.size()); }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override { out.push_back(chunks_[static_cast<std::size_t>(index)]); }
  void encode_task(std::int64_t index, Writer& out) const override {
    out.array(offsets_[static_cast<std::size_t>(index)]);
    out.array(lengths_[static_cast<std::size_t>(index)]);
  }
  std::int64_t nbytes(std::int64_t) const override { return 0; }

 private:
  std::shared_ptr<const WriteChunk> operation_;
  std::vector<TaskRef> chunks_;
  std::vector<std::vector<index_t>> offsets_, lengths_;
};

// The rectangle of a dataset that an array goes into: per axis of the dataset where it begins, and which axis of the array runs along it.
struct Region {
  std::vector<index_t> start;
  std::vector<int> array_axis;  // -1: an axis taken by number
};

Region whole(const Shape& shape) {
  Region region{std::vector<index_t>(shape.size(), 0), {}};
  for (int axis = 0; axis < shape.ndim(); ++axis) region.array_axis.push_back(axis);
  return region;
}

Region part(const ArrayStore& store) {
  const hdf5::DatasetInfo info = hdf5::describe(store.file, store.dataset);
  const auto indices = parse_slices(store.region);
  const BasicSlice slice = normalize_slices(indices, info.shape);
  if (!slice.new_axes.empty()) throw ValueError("store: a region of a dataset cannot have new axes: " + store.region);
  if (slice.shape != store.array.shape)
    throw ShapeError("store: the region " + store.region + " of " + store.dataset + " " + to_string(info.shape) + " has shape " + to_string(slice.shape) +
                     ", the array has " + to_string(store.array.shape));
  Region region;
  int axis = 0;
  for (const AxisSlice& s : slice.axes) {
    if (s.step != 1 && s.count > 1) throw NotImplementedError("store: a region with steps is not served yet: " + store.region);
    region.start.push_back(s.start);
    region.array_axis.push_back(s.dropped ? -1 : axis++);
  }
  return region;
}

// Chunks of one size (the last may be shorter) are storage chunks as they are; others are stored contiguously unless asked for.
std::vector<index_t> storage_chunks(const ArrayStore& store) {
  const Shape& shape = store.array.shape;
  std::vector<index_t> sizes;
  if (!store.options.storage_chunks.axes.empty()) {
    for (const auto& axis : normalize_chunks(store.options.storage_chunks, shape, itemsize(store.array.dtype))) sizes.push_back(axis.empty() ? 1 : axis.front());
    return sizes;
  }
  std::int64_t chunks = 1;
  for (const auto& axis : store.array.chunks) {
    if (axis.empty()) return {};
    for (std::size_t i = 1; i < axis.size(); ++i)
      if (axis[i] > axis[0] || (axis[i] != axis[0] && i + 1 < axis.size())) return {};
    if (axis[0] == 0) return {};
    sizes.push_back(axis.front());
    chunks *= static_cast<std::int64_t>(axis.size());
  }
  return chunks > 1 ? sizes : std::vector<index_t>{};
}

hdf5::DatasetSpec spec_of(const ArrayStore& store) {
  hdf5::DatasetSpec spec;
  spec.name = store.dataset;
  spec.dtype = store.array.dtype;
  spec.shape = store.array.shape;
  spec.existing = !store.region.empty();
  if (spec.existing) return spec;
  spec.storage_chunks = storage_chunks(store);
  spec.compression = store.options.compression;
  for (const Attribute& a : store.options.attributes.v) spec.attributes.push_back({a.name.v, hdf5::AttributeValue(a.value.v)});
  return spec;
}

// The plans of all files, and for each store the numbers of its file and dataset.
struct WritePlan {
  std::vector<FilePlan> files;
  std::vector<std::pair<int, int>> places;
  std::vector<Region> regions;
};

WritePlan plan(const std::vector<ArrayStore>& stores) {
  WritePlan result;
  for (const ArrayStore& store : stores) {
    for (index_t n : store.array.shape)
      if (n == unknown) throw ShapeError("to_hdf5: the array has unknown lengths " + to_string(store.array.shape) + ": call compute_chunk_sizes() first");
    if (store.options.mode != "w" && store.options.mode != "a") throw ValueError("to_hdf5: mode must be \"w\" or \"a\", found \"" + store.options.mode + "\"");
    result.regions.push_back(store.region.empty() ? whole(store.array.shape) : part(store));
    const std::string path = hdf5::real_path(store.file);
    int file = 0;
    while (file < static_cast<int>(result.files.size()) && result.files[static_cast<std::size_t>(file)].final_path != path) ++file;
    if (file == static_cast<int>(result.files.size())) {
      result.files.emplace_back();
      result.files.back().final_path = path;
    }
    FilePlan& target = result.files[static_cast<std::size_t>(file)];
    target.in_place |= !store.region.empty() || store.options.mode == "a";
    int dataset = 0;
    while (dataset < static_cast<int>(target.datasets.size()) &&
           !(store.region.size() > 0 && target.datasets[static_cast<std::size_t>(dataset)].existing && target.datasets[static_cast<std::size_t>(dataset)].name == store.dataset))
      ++dataset;
    if (dataset == static_cast<int>(target.datasets.size())) {
      for (const hdf5::DatasetSpec& other : target.datasets)
        if (other.name == store.dataset) throw ValueError("store: two arrays go into the dataset " + store.dataset + " of " + store.file);
      target.datasets.push_back(spec_of(store));
    }
    result.places.emplace_back(file, dataset);
  }
  return result;
}

// Adds one task per chunk of the array.
void add_writes(GraphBuilder& builder, const ArrayStore& store, const Region& region, std::shared_ptr<const WriteChunk> operation, std::vector<TaskRef>& wanted) {
  std::vector<TaskRef> chunks = store.array.lower(builder);
  std::vector<std::vector<index_t>> offsets, lengths;
  std::vector<std::size_t> at(store.array.chunks.size(), 0);
  std::vector<std::vector<index_t>> starts;
  for (const auto& axis : store.array.chunks) {
    std::vector<index_t> start{0};
    for (index_t n : axis) start.push_back(start.back() + n);
    starts.push_back(std::move(start));
  }
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    std::vector<index_t> offset = region.start, length(region.start.size(), 1);
    for (std::size_t d = 0; d < offset.size(); ++d)
      if (const int axis = region.array_axis[d]; axis >= 0) {
        const auto a = static_cast<std::size_t>(axis);
        offset[d] += starts[a][at[a]];
        length[d] = store.array.chunks[a][at[a]];
      }
    offsets.push_back(std::move(offset));
    lengths.push_back(std::move(length));
    for (std::size_t a = at.size(); a-- > 0;) {
      if (++at[a] < store.array.chunks[a].size()) break;
      at[a] = 0;
    }
  }
  const auto count = static_cast<std::int64_t>(chunks.size());
  const std::int32_t number = builder.add(std::make_shared<WriteLayer>(std::move(operation), std::move(chunks), std::move(offsets), std::move(lengths)));
  for (std::int64_t i = 0; i < count; ++i) wanted.push_back({number, i});
}

// What is written in place may not be read by the same graph: an element would be the old or the new one by chance. Results that
// were started earlier may still be reading: they come first.
void read_before_writing_in_place(const std::vector<ArrayStore>& stores, const WritePlan& planned) {
  if (std::none_of(planned.files.begin(), planned.files.end(), [](const FilePlan& file) { return file.in_place; })) return;
  GraphBuilder builder;
  {
    const auto lock = detail::lowering_lock();
    for (const ArrayStore& store : stores) store.array.lower(builder);
  }
  const TaskGraph graph = std::move(builder).take();
  for (const FilePlan& file : planned.files)
    for (const hdf5::DatasetSpec& dataset : file.datasets)
      for (const auto& layer : graph.layers)
        if (file.in_place && reads(*layer, file.final_path, dataset.name))
          throw ValueError("store: the arrays read the dataset " + dataset.name + " of " + file.final_path +
                           ", which is written in place: persist() what is read first, or write a new file");
  for (const ResultHandle& input : graph.inputs) input->wait({});
}

// The user knows a file by its own name, not by the temporary one it was written under.
[[noreturn]] void rethrow_with_final_names(const std::exception_ptr& error, const std::vector<FilePlan>& files) {
  const auto renamed = [&](std::string text) {
    for (const FilePlan& file : files)
      for (std::size_t at = text.find(file.path); at != std::string::npos; at = text.find(file.path, at + file.final_path.size())) text.replace(at, file.path.size(), file.final_path);
    return text;
  };
  try {
    std::rethrow_exception(error);
  } catch (const TaskError& e) {
    TaskError::Where where = e.where();
    where.message = renamed(where.message);
    throw TaskError(std::move(where));
  } catch (const IoError& e) {
    throw IoError(renamed(e.what()));
  }
}

void store_arrays(std::vector<ArrayStore> stores) {
  static std::atomic<std::int64_t> last_write{0};
  Evaluator& evaluator = Evaluator::current();
  const std::int64_t write = ++last_write;
  WritePlan planned = plan(stores);
  read_before_writing_in_place(stores, planned);
  for (FilePlan& file : planned.files) {
    if (file.in_place) {
      file.path = file.final_path;
      hdf5::forget(file.path);
    } else {
      hdf5::remove_leftovers(file.final_path);
      file.path = hdf5::temporary_name(file.final_path);
    }
  }
  const auto discard_all = [&] {
    for (const FilePlan& file : planned.files)
      if (!file.in_place) hdf5::discard(file.path);
  };
  try {
    evaluator.run_on_workers(std::make_shared<OpenForWriting>(write, planned.files), {}, /*collective=*/true);
    {
      std::vector<TaskRef> wanted;
      GraphBuilder builder;
      {
        const auto lock = detail::lowering_lock();
        for (std::size_t i = 0; i < stores.size(); ++i)
          add_writes(builder, stores[i], planned.regions[i], std::make_shared<WriteChunk>(write, planned.places[i].first, planned.places[i].second), wanted);
      }
      detail::evaluate(std::move(builder), wanted);
    }
    evaluator.run_on_workers(std::make_shared<CloseAfterWriting>(write, ""), {}, true);
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    // At once, too: a program that a signal ends may be killed before the workers have closed their files.
    discard_all();
    try {
      // Collective calls run in order: when this one is through, so is what was opening or closing when the error came.
      evaluator.run_on_workers(std::make_shared<CloseAfterWriting>(write, error_message(error)), {}, true);
    } catch (...) {
      // The first error is the one to tell.
    }
    discard_all();
    rethrow_with_final_names(error, planned.files);
  }
  for (const FilePlan& file : planned.files)
    if (!file.in_place) {
      hdf5::forget(file.final_path);
      hdf5::publish(file.path, file.final_path);
    }
}

}  // namespace
}  // namespace ashlar::io

namespace ashlar {

void install_hdf5_writer() {
  services().store_arrays = io::store_arrays;
  services().at_end.push_back([] { hdf5::Thread::instance().stop(); });
}

}  // namespace ashlar

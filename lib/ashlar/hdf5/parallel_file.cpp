#include "ashlar/hdf5/parallel_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "ashlar/hdf5/agreement_detail.hpp"
#include "ashlar/hdf5/half_floats.hpp"
#include "ashlar/hdf5/hyperslab_detail.hpp"
#include "ashlar/hdf5/in_place_detail.hpp"
#include "ashlar/hdf5/open_files_detail.hpp"
#include "ashlar/hdf5/thread.hpp"

namespace ashlar::hdf5 {

struct ParallelFile::State {
  MPI_Comm all = MPI_COMM_NULL;   // who open and close together
  MPI_Comm comm = MPI_COMM_NULL;  // who write this file: all, or a group of them
  int rank = 0;                   // in it
  Attributes attributes;          // of a new file
  std::string path;
  std::vector<DatasetSpec> specs;
  bool in_place = false;
  Writers writers = Writers::all;
  FileLock lock;  // rank 0 in place, from before the marks are set until after they are gone
  FileHandle file;
  std::vector<DatasetHandle> datasets;
  std::vector<DatasetInfo> infos;
  std::exception_ptr failure;  // of the first write that failed on this rank
  bool open = false;

  void check_arguments() const;
  void open_together();
  void open_datasets();
  void close_together(const std::exception_ptr& earlier);
  /// `block`: what is to be written, `type`: of the numbers that it was made of.
  void write(int dataset, std::span<const index_t> offsets, DType type, const Block& block, std::span<const index_t> steps) const;
  void write_chunk(int dataset, std::span<const index_t> offsets, const EncodedChunk& chunk) const;
  bool mine() const { return writers == Writers::all || rank == 0; }
};

void ParallelFile::State::check_arguments() const {
  std::set<std::string> names;
  for (const auto& spec : specs) {
    check_spec(spec);
    if (spec.filters.any() && !spec.existing && writers == Writers::all)
      throw ValueError("dataset " + dataset_name(spec.name) + " of " + path + " has filters: it is written by rank 0 alone");
    if (!names.insert(dataset_name(spec.name)).second)
      throw ValueError("dataset " + dataset_name(spec.name) + " of " + path + " is named twice in one write");
  }
}

void ParallelFile::State::open_together() {
  if (writers == Writers::rank_0)
    return agree(all, caught([&] {
                   if (rank == 0) file = open_serially(path);
                 }));
  // A rank that cannot open the file must be found out before MPI's open: that call need not fail on all ranks alike.
  agree(all, caught([&] {
          const int probe = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
          if (probe < 0)
            throw IoError("rank " + std::to_string(rank) + " cannot open " + path + ", which rank 0 has made: " + std::strerror(errno));
          ::close(probe);
        }));
  const std::exception_ptr error = caught([&] {
    const Place at{path};
    PropertyHandle access = property_list(H5P_FILE_ACCESS, at);
    checked(H5Pset_fapl_mpio(access.get(), comm, MPI_INFO_NULL), "H5Pset_fapl_mpio", at);
    // Collective metadata reads stay off: faulty before HDF5 1.10.9.
    checked(H5Pset_coll_metadata_write(access.get(), 1), "H5Pset_coll_metadata_write", at);
    file = FileHandle(checked(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get()), "H5Fopen", at));
  });
  try {
    agree(all, error);
  } catch (...) {
    file.abandon();  // closing is collective, and somebody has nothing to close
    throw;
  }
}

void ParallelFile::State::open_datasets() {
  if (!mine()) return;
  for (const auto& spec : specs) {
    const std::string name = dataset_name(spec.name);
    datasets.push_back(open_dataset(file.get(), name, path));
    infos.push_back(dataset_info(datasets.back().get(), name, path));
  }
}

void ParallelFile::State::close_together(const std::exception_ptr& earlier) {
  open = false;
  // Every rank closes, whatever happened to it, and speaks of it afterwards.
  const std::exception_ptr closing = caught([&] {
    datasets.clear();
    file.close("H5Fclose", {path});
  });
  forget_open_file(path);
  if (comm != all) MPI_Comm_free(&comm);
  agree(all, earlier ? earlier : closing);
}

void ParallelFile::State::write(int dataset, std::span<const index_t> offsets, DType type, const Block& block, std::span<const index_t> steps) const {
  const DatasetInfo& info = infos.at(static_cast<std::size_t>(dataset));
  const Place at = dataset_of(path, info.name);
  Rectangle part{{offsets.begin(), offsets.end()}, {steps.begin(), steps.end()}, block.shape().v};
  if (steps.empty()) part.step.assign(block.shape().size(), 1);
  check_inside(part, info.shape, at);
  check_writable(info, type, path);
  write_rectangle(datasets[static_cast<std::size_t>(dataset)].get(), part, block, at, call_nbytes_max, info.half ? Elements::half_bits : Elements::numbers);
}

void ParallelFile::State::write_chunk(int dataset, std::span<const index_t> offsets, const EncodedChunk& chunk) const {
  const DatasetInfo& info = infos.at(static_cast<std::size_t>(dataset));
  const Place at = dataset_of(path, info.name);
  const std::vector<hsize_t> corner(offsets.begin(), offsets.end());
  if (corner.size() != info.storage_chunks.size()) throw ShapeError(at.object + " of " + path + " has " + std::to_string(info.storage_chunks.size()) + " axes in chunks, the place of a chunk has " + std::to_string(corner.size()));
  checked(H5Dwrite_chunk(datasets[static_cast<std::size_t>(dataset)].get(), H5P_DEFAULT, chunk.mask, corner.data(), static_cast<std::size_t>(chunk.bytes.nbytes()), chunk.bytes.data()),
          "H5Dwrite_chunk", at);
}

ParallelFile::ParallelFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParallelFile::ParallelFile(ParallelFile&&) noexcept = default;
ParallelFile& ParallelFile::operator=(ParallelFile&&) noexcept = default;

ParallelFile::~ParallelFile() {
  if (!state_ || !state_->open) return;
  state_->file.abandon();
  for (auto& dataset : state_->datasets) dataset.abandon();
}

ParallelFile ParallelFile::open(MPI_Comm all, int group, const std::string& path, const std::vector<DatasetSpec>& datasets, bool in_place, Writers writers, const Attributes& attributes) {
  auto state = std::make_unique<State>();
  state->all = state->comm = all;
  state->attributes = attributes;
  state->path = path;
  state->specs = datasets;
  state->in_place = in_place;
  state->writers = writers;
  Thread::instance().run([&] {
    if (group >= 0) {
      MPI_Comm_rank(all, &state->rank);
      MPI_Comm_split(all, group, state->rank, &state->comm);
    }
    MPI_Comm_rank(state->comm, &state->rank);
    forget_open_file(path);
    agree(all, caught([&] { state->check_arguments(); }));
    agree(all, caught([&] {
            if (state->rank != 0) return;
            if (in_place)
              state->lock = prepare_in_place(path, datasets, writers);
            else
              make_new_file(path, datasets, attributes);
          }));
    state->open_together();
    state->open = true;
    const auto error = caught([&] { state->open_datasets(); });
    try {
      agree(all, error);
    } catch (...) {
      state->close_together(std::current_exception());
    }
  });
  return ParallelFile(std::move(state));
}

ParallelFile ParallelFile::create(MPI_Comm comm, const std::string& path, const std::vector<DatasetSpec>& datasets, Writers writers) {
  return open(comm, -1, path, datasets, false, writers, {});
}

ParallelFile ParallelFile::open_in_place(MPI_Comm comm, const std::string& path, const std::vector<DatasetSpec>& datasets, Writers writers) {
  return open(comm, -1, path, datasets, true, writers, {});
}

ParallelFile ParallelFile::create_for_group(MPI_Comm comm, int group, const std::string& path, const std::vector<DatasetSpec>& datasets, Writers writers, const Attributes& attributes) {
  return open(comm, group, path, datasets, false, writers, attributes);
}

const std::string& ParallelFile::path() const { return state_->path; }
int ParallelFile::size() const { return static_cast<int>(state_->infos.size()); }
const DatasetInfo& ParallelFile::dataset(int i) const { return state_->infos.at(static_cast<std::size_t>(i)); }
bool ParallelFile::is_open() const { return state_ && state_->open; }

void ParallelFile::write(int dataset, std::span<const index_t> offsets, const Block& block, std::span<const index_t> steps) {
  // Packed, or made half floats, by the caller's thread: the one of HDF5 has enough to do.
  const auto at = static_cast<std::size_t>(dataset);
  const bool half = at < state_->infos.size() && state_->infos[at].half && !is_complex(block.dtype());
  const Block packed = half ? to_half(block) : block.contiguous();
  on_thread([&] { state_->write(dataset, offsets, block.dtype(), packed, steps); });
}

void ParallelFile::write_chunk(int dataset, std::span<const index_t> offsets, const EncodedChunk& chunk) {
  on_thread([&] { state_->write_chunk(dataset, offsets, chunk); });
}

void ParallelFile::on_thread(const std::function<void()>& job) {
  Thread::instance().run([&] {
    if (!state_->open) throw IoError("cannot write into " + state_->path + ": it is closed");
    if (!state_->mine()) throw InternalError("a chunk for " + state_->path + ", which rank 0 writes, came to rank " + std::to_string(state_->rank));
    if (state_->failure) std::rethrow_exception(state_->failure);
    try {
      job();
    } catch (...) {
      state_->failure = std::current_exception();
      throw;
    }
  });
}

void ParallelFile::close(std::exception_ptr failure) {
  Thread::instance().run([&] {
    State& state = *state_;
    if (!state.open) throw IoError("cannot close " + state.path + ": it is closed");
    const FileLock lock = std::move(state.lock);  // given back on every way out
    try {
      state.close_together(state.failure ? state.failure : failure);
    } catch (...) {
      const std::exception_ptr first = std::current_exception();
      if (state.in_place && state.rank == 0) {
        // What failed is the error to tell; a dataset that cannot be shortened keeps its mark.
        caught([&] { undo_appends(state.path, state.specs); });
        forget_open_file(state.path);
      }
      std::rethrow_exception(first);
    }
    if (!state.in_place) return;
    const auto error = caught([&] {
      if (state.rank == 0) finish_in_place(state.path, state.specs);
    });
    forget_open_file(state.path);
    agree(state.all, error);
  });
}

}  // namespace ashlar::hdf5

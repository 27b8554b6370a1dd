#pragma once
// All workers call one function together, each with the chunks of arrays that it owns, on a communicator of the workers: any MPI library can be
// called in it.
//
// The chunks are given where they lie (a chunk that another worker holds moves first) and are the function's own: writing to them changes nothing
// else. The function runs on each worker's thread for collective calls, after the chunks are there; calls of several threads run one after the
// other, in the same order on all workers.

#include <mpi.h>

#include <cstring>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/array/array.hpp"
#include "ashlar/array/block_function.hpp"
#include "ashlar/delayed/delayed.hpp"

namespace ashlar {

/// Which worker owns which chunk, as MPI libraries need it.
class SpmdDistribution {
 public:
  /// For every chunk, in C order over the grid of chunks, the number of its worker from 0.
  /// Errors    ValueError when it names an axis that is not there, or needs more workers than there are.
  std::vector<int> owners(const Chunks& chunks, int workers) const;

 private:
  friend SpmdDistribution slab(int axis);
  friend SpmdDistribution block_cyclic(std::vector<int> grid);
  int axis_ = 0;
  std::vector<int> grid_;  ///< empty: a slab
};
/// Chunks along an axis in as many runs as there are workers, as even as possible; chunk k is worker k's where there are no more chunks than workers.
SpmdDistribution slab(int axis = 0);
/// The workers as a grid with one entry per axis, in C order; chunk (i, j) belongs to (i mod p, j mod q), as in ScaLAPACK.
SpmdDistribution block_cyclic(std::vector<int> grid);

struct SpmdOptions {
  ASHLAR_OPTIONS;
  SpmdDistribution distribution = slab(0);
};

class SpmdContext {
 public:
  explicit SpmdContext(MPI_Comm comm);
  MPI_Comm comm() const { return comm_; }  ///< of the workers
  int rank() const { return rank_; }       ///< in it: the worker's number
  int size() const { return size_; }

 private:
  MPI_Comm comm_;
  int rank_ = 0, size_ = 1;
};

/// The chunks of one array that this worker owns, in C order over the grid of chunks.
template <class T>
class LocalChunks {
 public:
  struct Chunk {
    std::vector<index_t> location;  ///< its numbers, per axis
    std::vector<index_t> offset;    ///< its first element in the array
    NDArray<T> values;
  };
  LocalChunks(Shape shape, Chunks chunks) : shape_(std::move(shape)), chunks_(std::move(chunks)) {}

  const Shape& shape() const { return shape_; }     ///< of the whole array
  const Chunks& chunks() const { return chunks_; }
  std::size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  Chunk& operator[](std::size_t i) { return list_[i]; }
  auto begin() { return list_.begin(); }
  auto end() { return list_.end(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  void add(Chunk chunk) { list_.push_back(std::move(chunk)); }

 private:
  Shape shape_;
  Chunks chunks_;
  std::vector<Chunk> list_;
};

namespace detail {

/// The same without the element type.
struct LocalBlocks {
  DType dtype;
  Shape shape;
  Chunks chunks;
  std::vector<index_t> numbers;  ///< of the chunks, ascending
  std::vector<Block> blocks;
};
struct SpmdFunction : Descriptor {
  Object (*call)(std::span<const std::byte> closure, SpmdContext& context, std::vector<LocalBlocks>& arrays);
  constexpr SpmdFunction(std::string_view n, Object (*c)(std::span<const std::byte>, SpmdContext&, std::vector<LocalBlocks>&)) : Descriptor(n), call(c) {}
};

/// Numbers of a chunk, and where it begins.
std::pair<std::vector<index_t>, std::vector<index_t>> place_of_chunk(const Chunks& chunks, index_t number);
/// What the function returned on each worker.
std::vector<Object> run_spmd(const std::vector<ArrayPtr>& arrays, const SpmdFunction& function, Bytes closure, const SpmdDistribution& distribution);
/// The array whose chunks the function filled: they are the first array it was given.
ArrayPtr array_of_spmd(DType dtype, const Shape& shape, const ChunkSpec& chunks, const std::vector<ArrayPtr>& arrays, const SpmdFunction& function, Bytes closure,
                       const SpmdDistribution& distribution);

template <class T>
LocalChunks<T> typed_chunks(LocalBlocks& local) {
  LocalChunks<T> chunks(local.shape, local.chunks);
  for (std::size_t i = 0; i < local.numbers.size(); ++i) {
    auto [location, offset] = place_of_chunk(local.chunks, local.numbers[i]);
    chunks.add({std::move(location), std::move(offset), NDArray<T>(std::move(local.blocks[i]))});
  }
  return chunks;
}
template <class T>
void take_back(LocalChunks<T>& chunks, LocalBlocks& local) {
  for (std::size_t i = 0; i < chunks.size(); ++i) local.blocks[i] = chunks[i].values.shared_block();
}

template <class F>
const F& function_in(std::span<const std::byte> closure, std::byte* memory) {
  if (closure.size() == sizeof(F)) std::memcpy(memory, closure.data(), sizeof(F));
  return *std::launder(reinterpret_cast<const F*>(memory));
}

/// `Fills`: the function fills the first array and returns nothing.
template <bool Fills, class F, class... T>
Object call_spmd(std::span<const std::byte> closure, SpmdContext& context, std::vector<LocalBlocks>& arrays) {
  alignas(F) std::byte memory[sizeof(F)] = {};
  const F& function = function_in<F>(closure, memory);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    std::tuple<LocalChunks<T>...> chunks{typed_chunks<T>(arrays[I])...};
    if constexpr (Fills) {
      function(context, std::get<I>(chunks)...);
      take_back(std::get<0>(chunks), arrays[0]);
      return Object();
    } else {
      return Object::of(function(context, std::get<I>(chunks)...));
    }
  }(std::index_sequence_for<T...>{});
}
template <bool Fills, class F, class... T>
struct SpmdFunctionOf {
  static constinit inline SpmdFunction record{type_name<F>(), &call_spmd<Fills, F, T...>};
};

template <class F, class... T>
struct spmd_result {
  static_assert(std::is_class_v<F> && std::is_trivially_copyable_v<F>, "ashlar: a function of al::spmd is a lambda or function object whose captures are trivially copyable");
  static_assert(std::is_invocable_v<const F&, SpmdContext&, LocalChunks<T>&...>,
                "ashlar: a function of al::spmd takes an SpmdContext& and a LocalChunks<T>& per array");
  using type = std::decay_t<std::invoke_result_t<const F&, SpmdContext&, LocalChunks<T>&...>>;
  static_assert(!std::is_void_v<type>, "ashlar: a function of al::spmd returns a value, one per worker; al::from_spmd makes an array");
};

}  // namespace detail

/// function(context, chunks of x, …) on every worker; what it returns, one per worker in their order. Runs when it is called.
///
/// Ranks     called on rank 0 or in a task; all workers take part.
/// Errors    TaskError of a chunk; ShapeError for unknown lengths; ValueError without a job. What the function throws on one worker ends the job with its
///           message: the others may be inside a collective call.
/// Example   al::spmd([](al::SpmdContext& c, al::LocalChunks<double>& mine) { double s = …; MPI_Allreduce(…, c.comm()); return s; }, x)
template <class F, class... T>
auto spmd(const SpmdOptions& options, const F& function, const Array<T>&... arrays) {
  using R = typename detail::spmd_result<F, T...>::type;
  const F copy = function;
  std::vector<R> values;
  for (Object& value : detail::run_spmd({arrays.node()...}, detail::SpmdFunctionOf<false, F, T...>::record, detail::closure_of(copy), options.distribution))
    values.push_back(std::move(value).template take<R>());
  return delayed(std::move(values));
}
template <class F, class T>
auto spmd(const F& function, const Array<T>& x, const SpmdOptions& options = {}) {
  return spmd(options, function, x);
}

/// An array whose chunks the function fills: function(context, chunks of the result, chunks of x, …). They are zeros before. Kept on the workers, each
/// chunk where it was made.
/// Errors    as `spmd`; ShapeError when a chunk was given another shape.
template <class U, class F, class... T>
Array<U> from_spmd(const SpmdOptions& options, const Shape& shape, const ChunkSpec& chunks, const F& function, const Array<T>&... arrays) {
  static_assert(std::is_class_v<F> && std::is_trivially_copyable_v<F>, "ashlar: a function of al::from_spmd is a lambda or function object whose captures are trivially copyable");
  static_assert(std::is_invocable_v<const F&, SpmdContext&, LocalChunks<U>&, LocalChunks<T>&...>,
                "ashlar: a function of al::from_spmd takes an SpmdContext&, the LocalChunks<U>& to fill and a LocalChunks<T>& per array");
  const F copy = function;
  return Array<U>(detail::array_of_spmd(dtype_of<U>, shape, chunks, {arrays.node()...}, detail::SpmdFunctionOf<true, F, U, T...>::record, detail::closure_of(copy),
                                        options.distribution));
}
template <class U, class F>
Array<U> from_spmd(const Shape& shape, const ChunkSpec& chunks, const F& function, const SpmdOptions& options = {}) {
  return from_spmd<U>(options, shape, chunks, function);
}

}  // namespace ashlar

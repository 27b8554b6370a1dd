#pragma once
// What collections ask of the floors above them: writing arrays to files and drawing graphs. The floors `io` and `diagnostics`
// install themselves at start; without them the calls throw a sentence.

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "ashlar/base/options.hpp"
#include "ashlar/graph/collection.hpp"
#include "ashlar/ndarray/dtype.hpp"
#include "ashlar/ndarray/shape.hpp"
#include "ashlar/ndarray/slice.hpp"

namespace ashlar {

struct AttributeValue {
  std::variant<std::string, double, index_t, std::vector<double>, std::vector<std::string>, std::vector<index_t>> v;
  template <detail::text_like S>
  AttributeValue(const S& s) : v(std::string(std::string_view(s))) {}
  template <std::floating_point F>
  AttributeValue(F f) : v(static_cast<double>(f)) {}
  template <detail::integer I>
  AttributeValue(I i) : v(static_cast<index_t>(i)) {}
  AttributeValue(std::initializer_list<Real> l) : v(std::vector<double>{}) {
    for (auto r : l) std::get<3>(v).push_back(r.v);
  }
  AttributeValue(std::initializer_list<Name> l) : v(std::vector<std::string>{}) {
    for (const auto& name : l) std::get<4>(v).push_back(name.v);
  }
  AttributeValue(std::vector<double> l) : v(std::move(l)) {}
  AttributeValue(std::vector<std::string> l) : v(std::move(l)) {}
  AttributeValue(std::vector<index_t> l) : v(std::move(l)) {}
};
struct Attribute {
  Name name;
  AttributeValue value;
};
/// Attributes of a dataset: {{"units", "K"}, {"scale", 1.5}}.
struct Attributes {
  std::vector<Attribute> v;
  Attributes() = default;
  Attributes(std::initializer_list<Attribute> l) : v(l) {}
};

/// In `.maxshape`: the axis may grow without end.
inline constexpr index_t unlimited = -1;

/// In `.workers_per_file`: as many as share a machine.
inline constexpr int per_node = -1;

/// Options of `to_hdf5`; the meaning is h5py's create_dataset.
struct ToHdf5Options {
  ASHLAR_OPTIONS;
  std::string mode = "w";           ///< "w": a new file, atomically under its name; "a": into an existing file, in place
  /// NumPy's name of the type in the file; empty: the array's. One of arrays ("float32", "int16", …): the array is converted as by `astype`, complex
  /// numbers into complex ones only. Or "float16", IEEE half floats, which arrays hold as float or double: each element, a double too, is
  /// rounded once, to the nearest half float, ties to even; from 65520 on it is infinity, NaN stays NaN; integers and bool as astype("float16") of NumPy.
  /// What is appended or goes into a region takes the type of the dataset that is there.
  std::string dtype = {};
  ChunkSpec storage_chunks = {};    ///< empty: the array's chunks when they are regular, else contiguous
  std::vector<index_t> maxshape = {};  ///< how far axes may grow later, `unlimited` without end; empty: not at all
  std::string compression = {};     ///< "" or "gzip": chunks are compressed where they are, and written by one worker
  int compression_opts = 4;         ///< gzip's level, 0 to 9
  bool shuffle = false;             ///< bytes of equal weight together, which compress better
  bool fletcher32 = false;          ///< a checksum for each storage chunk, which readers compare
  Attributes attributes = {};
  /// With mode "a": the dataset grows along this axis and the array is written behind what it holds. A dataset that is not there is made,
  /// so that it can grow along it. An append that fails leaves the old length.
  int append_axis = -1;
  /// Names of the axes, one for each, "" for none (xarray's dims): the labels of HDF5's dimensions. A dataset of one axis that stands in the same
  /// group under such a name is the scale of that axis: one written in the same run, or with mode "a" one that is in the file.
  std::vector<std::string> dims = {};
  /// Not 0: so many workers (`per_node`: those of each machine) write a file of their own, "out.a.node0.h5", "out.a.node1.h5"…, beside
  /// "out.h5", in which virtual datasets make them one. Only with mode "w"; all files are to be moved together.
  int workers_per_file = 0;
};

/// A lazy array as the floors above see it: its outline, and how to get its chunks into a graph.
struct ArrayOutline {
  DType dtype;
  Shape shape;
  Chunks chunks;
  /// One task per chunk, C order over the chunk grid; each result is a Block.
  std::function<std::vector<TaskRef>(GraphBuilder&)> lower;
};

/// One array and where it goes: a dataset of a file, or a region of an existing dataset (`region` not empty, NumPy slices against
/// the dataset's shape).
struct ArrayStore {
  ArrayOutline array;
  std::string file, dataset;
  std::string region;  ///< text form of the slices; empty: the whole dataset, created
  ToHdf5Options options = {};
  bool half = false;  ///< stored as half floats, from an array of floats; other types of `options.dtype` are the array's by now
};

struct VisualizeOptions {
  ASHLAR_OPTIONS;
  std::string format = {};        ///< by default from the file's name: svg, png, pdf, dot
  bool optimize_graph = false;
  std::string color = {};
  std::string rankdir = "BT";
  int max_nodes = 2000;           ///< a larger graph is refused; raise it to draw it all the same
};

struct Services {
  /// Writes all of them in one run. Collective over the workers.
  std::function<void(std::vector<ArrayStore>)> store_arrays;
  /// Renders DOT text to a file.
  std::function<void(const std::string& dot, const std::string& file, const std::string& format)> render;
  /// Called on every rank when a job ends, while MPI still runs: threads that use MPI leave here.
  std::vector<std::function<void()>> at_end;
};
/// The installed services.
Services& services();

/// Draws the graph that `wanted` need: circles are tasks, boxes their results, edges go from input to use.
/// Errors    ValueError for more than `max_nodes` nodes ("the graph has 6400 nodes, the limit is 2000: …"), an unknown format.
void visualize(GraphBuilder&& builder, std::span<const TaskRef> wanted, const std::string& file, const VisualizeOptions& options);
/// The same as DOT text.
std::string to_dot(const TaskGraph& graph, std::span<const TaskRef> wanted, const VisualizeOptions& options);

}  // namespace ashlar

// Frames as HDF5 tables, and as arrays: DataFrame::to_hdf, to_dask_array.
//
// The frame is computed and kept on the workers first: files and arrays have fixed lengths. Then each column is one or more arrays of one axis, whose
// chunks are what the partitions hold, and goes the way of every array that is written (array_to_hdf5.hpp): all workers at once, one file, which
// appears under its name when it is complete.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "ashlar/array/array.hpp"
#include "ashlar/array/store.hpp"
#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/io/frame_hdf5_detail.hpp"

namespace ashlar {
namespace io {

DType dtype_of_column(ColumnType type) {
  switch (type) {
    case ColumnType::boolean: return DType::bool_;
    case ColumnType::int8: return DType::int8;
    case ColumnType::int16: return DType::int16;
    case ColumnType::int32: return DType::int32;
    case ColumnType::int64: case ColumnType::timestamp: case ColumnType::duration: return DType::int64;
    case ColumnType::uint8: return DType::uint8;
    case ColumnType::uint16: return DType::uint16;
    case ColumnType::uint32: return DType::uint32;
    case ColumnType::uint64: return DType::uint64;
    case ColumnType::float32: return DType::float32;
    case ColumnType::float64: return DType::float64;
    default: throw InternalError("texts are no array: " + std::string(name(type)));
  }
}

std::string group_of_column(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c == '/') out += "%2F";
    else if (c == '%') out += "%25";
    else out += c;
  }
  if (out == ".") return "%2E";
  return out.empty() ? "%" : out;
}

namespace {

// Elements of a storage chunk that is compressed.
constexpr index_t compressed_chunk = index_t{1} << 18;

// What of a column becomes an array.
enum class Part : std::uint8_t { values, ends, text, valid };

Column as_written(const Column& column) { return column.type() == ColumnType::category ? column.cast(ColumnType::string) : column; }

// Rows of the partition; then of each column its bytes of text and its nulls.
class SizesOperation final : public OperationOf<SizesOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const SizesOperation> decode(Reader&) { return std::make_shared<SizesOperation>(); }
  Object run(TaskInput& task) const override {
    const Table& rows = task.inputs.at(0).get<Table>();
    std::vector<std::int64_t> sizes{rows.nrows()};
    for (std::int64_t c = 0; c < rows.ncols(); ++c) {
      const Column column = as_written(rows.at(c));
      sizes.push_back(column.type() == ColumnType::string && column.size() ? column.offsets()[column.size()] - column.offsets()[0] : 0);
      sizes.push_back(column.null_count());
    }
    return Object::of(Table({"sizes"}, {Column(sizes)}));
  }
};

Block block_of(DType type, std::int64_t n, const void* from, const Column& owner) {
  const auto nbytes = static_cast<std::size_t>(n * itemsize(type));
  Buffer buffer = n ? Buffer::wrap(const_cast<void*>(from), nbytes, std::make_shared<Column>(owner)) : Buffer::allocate(1);
  return Block(type, Shape{n}, std::move(buffer));
}

class ColumnPartOperation final : public OperationOf<ColumnPartOperation> {
 public:
  ColumnPartOperation(std::string column, Part part) : column_(std::move(column)), part_(part) {}
  void encode(Writer& out) const override {
    out.text(column_);
    out.put(part_);
  }
  static std::shared_ptr<const ColumnPartOperation> decode(Reader& in) {
    std::string column = in.text();
    return std::make_shared<ColumnPartOperation>(std::move(column), in.get<Part>());
  }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    const auto text_before = in.get<std::int64_t>();
    const Column column = as_written(task.inputs.at(0).get<Table>()[column_]);
    const std::int64_t n = column.size();
    if (part_ == Part::values) return Object::of(block_of(dtype_of_column(column.type()), n, column.address(), column));
    if (part_ == Part::text) return Object::of(block_of(DType::uint8, column.offsets()[n] - column.offsets()[0], column.text_data() + column.offsets()[0], column));
    Block block = Block::allocate(part_ == Part::ends ? DType::int64 : DType::bool_, Shape{n});
    std::byte* const to = block.make_writable();
    for (std::int64_t i = 0; i < n; ++i) {
      if (part_ == Part::valid) {
        to[i] = static_cast<std::byte>(column.is_valid(i));
      } else {
        const std::int64_t end = column.offsets()[i + 1] - column.offsets()[0] + text_before;
        std::memcpy(to + 8 * i, &end, sizeof end);
      }
    }
    return Object::of(std::move(block));
  }

 private:
  std::string column_;
  Part part_;
};

// All columns beside one another as numbers of one type; missing ones are NaN.
class MatrixOperation final : public OperationOf<MatrixOperation> {
 public:
  MatrixOperation(ColumnType type, bool one_axis) : type_(type), one_axis_(one_axis) {}
  void encode(Writer& out) const override {
    out.put(type_);
    out.put(one_axis_);
  }
  static std::shared_ptr<const MatrixOperation> decode(Reader& in) {
    const auto type = in.get<ColumnType>();
    return std::make_shared<MatrixOperation>(type, in.get<bool>());
  }
  Object run(TaskInput& task) const override {
    const Table& rows = task.inputs.at(0).get<Table>();
    const std::int64_t n = rows.nrows(), k = rows.ncols();
    Block block = Block::allocate(dtype_of_column(type_), one_axis_ ? Shape{n} : Shape{n, k});
    std::byte* const to = block.make_writable();
    const auto size = static_cast<std::int64_t>(itemsize(block.dtype()));
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const float short_nan = std::numeric_limits<float>::quiet_NaN();
    for (std::int64_t c = 0; c < k; ++c) {
      const Column column = rows.at(c).cast(type_);
      if (column.null_count() && type_ != ColumnType::float64 && type_ != ColumnType::float32)
        throw ValueError("an array of " + std::string(name(type_)) + " cannot hold what is missing in the column \"" + rows.columns()[static_cast<std::size_t>(c)] +
                         "\": fill it first, or ask for double");
      const auto* from = static_cast<const std::byte*>(column.address());
      for (std::int64_t i = 0; i < n; ++i) std::memcpy(to + (i * k + c) * size, from + i * size, static_cast<std::size_t>(size));
      if (!column.null_count()) continue;
      for (std::int64_t i = 0; i < n; ++i)
        if (column.is_null(i)) std::memcpy(to + (i * k + c) * size, size == 8 ? static_cast<const void*>(&nan) : &short_nan, static_cast<std::size_t>(size));
    }
    return Object::of(std::move(block));
  }

 private:
  ColumnType type_;
  bool one_axis_;
};

std::vector<TaskRef> one_each(GraphBuilder& builder, const std::string& name, std::shared_ptr<const Operation> operation, std::vector<TaskRef> inputs,
                              std::vector<std::int64_t> payload) {
  const auto n = static_cast<std::int64_t>(inputs.size());
  const std::int32_t number = builder.add(std::make_shared<dataframe::PlanLayer>(
      name, n, std::move(operation),
      [inputs = std::move(inputs)](std::int64_t i, std::vector<TaskRef>& out) { out.push_back(inputs[static_cast<std::size_t>(i)]); },
      [payload = std::move(payload)](std::int64_t i, Writer& out) { out.put(payload.empty() ? std::int64_t{0} : payload[static_cast<std::size_t>(i)]); }));
  std::vector<TaskRef> out;
  for (std::int64_t i = 0; i < n; ++i) out.push_back({number, i});
  return out;
}

// A frame that was computed, and how large its partitions are.
struct Kept {
  DataFrame frame;
  std::vector<std::vector<std::int64_t>> sizes;

  explicit Kept(const DataFrame& asked) : frame(asked.persist()) {
    GraphBuilder builder;
    std::vector<TaskRef> wanted;
    {
      auto lock = detail::lowering_lock();
      wanted = one_each(builder, "frame-sizes", std::make_shared<SizesOperation>(), dataframe::lower(frame.node(), builder), {});
    }
    for (const Object& size : detail::evaluate(std::move(builder), wanted)) sizes.push_back(size.get<Table>().at(0).to_vector<std::int64_t>());
  }

  /// An array along the rows (or along the bytes of a text), from one task for each partition that has some.
  ArrayPtr array(DType type, std::vector<index_t> others, const std::string& name, std::shared_ptr<const Operation> operation, std::size_t size_at,
                 std::size_t payload_at) const {
    std::vector<std::int64_t> payload;
    std::vector<std::size_t> parts;
    Chunks chunks(1);
    index_t length = 0;
    std::int64_t before = 0;
    for (std::size_t p = 0; p < sizes.size(); ++p) {
      if (sizes[p][size_at]) {
        parts.push_back(p);
        chunks[0].push_back(sizes[p][size_at]);
        payload.push_back(before);
        length += sizes[p][size_at];
      }
      if (payload_at) before += sizes[p][payload_at];
    }
    if (parts.empty()) {
      parts.push_back(0);
      chunks[0].push_back(0);
      payload.push_back(0);
    }
    std::vector<index_t> lengths{length};
    for (const index_t n : others) {
      lengths.push_back(n);
      chunks.push_back({n});
    }
    const auto tasks = [node = frame.node(), operation, parts, payload, name](GraphBuilder& builder) {
      const std::vector<TaskRef> all = dataframe::lower(node, builder);
      std::vector<TaskRef> inputs;
      for (const std::size_t p : parts) inputs.push_back(all[p]);
      return one_each(builder, name, operation, std::move(inputs), payload);
    };
    return make_source(type, Shape(lengths), std::move(chunks), tasks, name);
  }
};

void write_table(const DataFrame& asked, const std::string& file, const std::string& key, const ToHdfOptions& options) {
  if (asked.columns().empty()) throw ValueError("to_hdf wants a frame with at least one column");
  const std::string group = clean_key(key, "to_hdf");
  const Kept kept(asked);
  std::vector<ArrayStore> stores;
  std::size_t at = 1;
  std::int64_t position = 0;
  for (const std::string& column : asked.columns()) {
    const ColumnType type = asked.node()->table()[column].type();
    const bool text = type == ColumnType::string || type == ColumnType::category;
    const std::string folder = group + "/" + group_of_column(column) + "/";
    const auto add = [&](Part part, const char* name, DType dtype, std::size_t size_at, std::size_t payload_at) {
      ArrayPtr array = kept.array(dtype, {}, "to-hdf", std::make_shared<ColumnPartOperation>(column, part), size_at, payload_at);
      const bool compressed = !options.compression.empty() && array->shape()[0] > 0;
      if (compressed) array = expression::rechunk(array, ChunkSpec(std::vector<index_t>{std::min(array->shape()[0], compressed_chunk)}), {});
      ArrayStore one{outline(array), file, folder + name, {}, {}};
      one.options.mode = options.mode;
      if (compressed) {
        one.options.compression = options.compression;
        one.options.compression_opts = options.compression_opts;
      }
      stores.push_back(std::move(one));
      return &stores.back().options.attributes;
    };
    Attributes* about = text ? add(Part::ends, "ends", DType::int64, 0, at) : add(Part::values, "values", dtype_of_column(type), 0, 0);
    *about = {{table_attribute, 1}, {"column", column}, {"position", position}, {"type", std::string(name(text ? ColumnType::string : type))}};
    if (text) add(Part::text, "text", DType::uint8, at, 0);
    std::int64_t nulls = 0;
    for (const auto& sizes : kept.sizes) nulls += sizes[at + 1];
    if (nulls) add(Part::valid, "valid", DType::bool_, 0, 0);
    at += 2;
    ++position;
  }
  if (!services().store_arrays) throw NotImplementedError("this program has no writer of HDF5 files: it was linked without the io floor");
  services().store_arrays(std::move(stores));
}

ArrayPtr matrix_of(const DataFrame& frame, ColumnType type, bool one_axis) {
  for (const std::string& column : frame.columns())
    if (const ColumnType found = frame.node()->table()[column].type(); !is_numeric(found))
      throw TypeError("an array is of numbers: the column \"" + column + "\" is of " + std::string(name(found)));
  const Kept kept(frame);
  std::vector<index_t> others;
  if (!one_axis) others.push_back(frame.ncols());
  return kept.array(dtype_of_column(type), others, "to-array", std::make_shared<MatrixOperation>(type, one_axis), 0, 0);
}

}  // namespace

std::string clean_key(const std::string& key, const char* who) {
  std::string out;
  for (std::size_t at = 0; at < key.size();) {
    const std::size_t end = std::min(key.find('/', at), key.size());
    if (end > at) out += "/" + key.substr(at, end - at);
    at = end + 1;
  }
  if (out.empty()) throw ValueError(std::string(who) + " wants the name of a group, such as \"/table\", found \"" + key + "\"");
  return out;
}

}  // namespace io

void DataFrame::to_hdf(const std::string& file, const std::string& key, const ToHdfOptions& options) const { io::write_table(*this, file, key, options); }
void Series::to_hdf(const std::string& file, const std::string& key, const ToHdfOptions& options) const {
  to_frame(Name(name().empty() ? "0" : name())).to_hdf(file, key, options);
}

template <class T>
Array<T> DataFrame::to_dask_array() const {
  return Array<T>(io::matrix_of(*this, column_type_of<T>, false));
}
template <class T>
Array<T> Series::to_dask_array() const {
  return Array<T>(io::matrix_of(to_frame(Name("0")), column_type_of<T>, true));
}

#define ASHLAR_ARRAYS_OF(T)                                \
  template Array<T> DataFrame::to_dask_array<T>() const;   \
  template Array<T> Series::to_dask_array<T>() const;
ASHLAR_ARRAYS_OF(double)
ASHLAR_ARRAYS_OF(float)
ASHLAR_ARRAYS_OF(std::int32_t)
ASHLAR_ARRAYS_OF(std::int64_t)
ASHLAR_ARRAYS_OF(bool)
#undef ASHLAR_ARRAYS_OF

}  // namespace ashlar

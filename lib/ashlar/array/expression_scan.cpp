// Small functions of blocks. Running sums: each chunk alone, then what lies before each chunk, then both together. Three tasks a chunk, none of them waits for a
// neighbour, and the order of additions follows the chunks only.

#include <algorithm>

#include "ashlar/array/array_types.hpp"
#include "ashlar/array/expression.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

struct ScanCall {
  std::int32_t scan;  // four bytes, so that no padding is sent
  int axis;
  Scan how() const { return static_cast<Scan>(scan); }
};

template <class T>
Bytes closure_of(const T& value) {
  Writer out;
  out.put(value);
  return out.head();
}
template <class T>
T opened(std::span<const std::byte> closure) {
  return Reader(closure).get<T>();
}

Block run_scan(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const auto call = opened<ScanCall>(closure);
  return scan(call.how(), std::move(blocks[0]), call.axis);
}
Block run_exclusive(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const auto call = opened<ScanCall>(closure);
  return scan(call.how(), std::move(blocks[0]), call.axis, true);
}
Block run_last(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const auto call = opened<ScanCall>(closure);
  return scan_last(call.how(), blocks[0], call.axis);
}
Block run_join(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo& info) {
  const auto call = opened<ScanCall>(closure);
  if (info.chunk_location()[static_cast<std::size_t>(call.axis)] == 0) return std::move(blocks[0]);
  return scan_join(call.how(), std::move(blocks[0]), blocks[1]);
}
Block run_refuse(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const Block flags = blocks[0].contiguous();
  if (std::find(flags.as<bool>(), flags.as<bool>() + flags.size(), true) != flags.as<bool>() + flags.size()) throw ValueError(Reader(closure).text());
  return std::move(blocks[1]);
}

Block run_imag(std::span<const std::byte>, std::vector<Block>& blocks, const BlockInfo&) { return imag_now(blocks[0]); }

constinit BlockFunction imag_function{"ashlar imag", &run_imag};
constinit BlockFunction scan_function{"ashlar scan", &run_scan};
constinit BlockFunction exclusive_function{"ashlar exclusive scan", &run_exclusive};
constinit BlockFunction last_function{"ashlar last of a scan", &run_last};
constinit BlockFunction join_function{"ashlar join of scans", &run_join};
constinit BlockFunction refuse_function{"ashlar refuse", &run_refuse};

}  // namespace

ArrayPtr cumulative(Scan how, const ArrayPtr& node, int axis) {
  if (node->ndim() == 0) return cumulative(how, expand_dims(node, AxisSpec(0)), axis);
  const int along = normalize_axes(AxisSpec(std::vector<int>{axis}), node->ndim()).front();
  const auto number = static_cast<std::size_t>(along);
  if (!node->lengths_known()) throw ShapeError("a running sum needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(node->shape()));
  const ArrayPtr values = cast(node, sum_type(node->dtype()));
  const std::string name = how == Scan::sum ? "cumsum" : "cumprod";
  const Bytes closure = closure_of(ScanCall{static_cast<std::int32_t>(how), along});
  const View same = View::identity(node->ndim());
  const Chunks chunks = values->chunks();
  const ArrayPtr alone = call_blocks({name, scan_function, closure, values->dtype(), chunks, chunks, {{values, same}}});
  if (chunks[number].size() == 1) return alone;

  Chunks ends = chunks;
  ends[number].assign(chunks[number].size(), 1);
  const ArrayPtr last = call_blocks({name + "-last", last_function, closure, values->dtype(), chunks, ends, {{alone, same}}});
  Chunks whole = ends;
  whole[number] = {static_cast<index_t>(ends[number].size())};
  const ArrayPtr before = call_blocks({name + "-before", exclusive_function, closure, values->dtype(), whole, whole, {{last, same}}});
  return call_blocks({name + "-join", join_function, closure, values->dtype(), chunks, chunks, {{alone, same}, {before, same, ends}}});
}

Block imag_now(const Block& block) {
  const DType part = detail::real_part_type(block.dtype());
  if (part == block.dtype()) return Block::full(block.shape(), ScalarValue::of<std::int64_t>(0).cast(part)).contiguous();
  // Every second number of the same memory.
  std::vector<index_t> strides = block.strides();
  for (index_t& stride : strides) stride *= 2;
  return Block(part, block.shape(), std::move(strides), 2 * block.offset() + 1, block.buffer());
}

ArrayPtr imag(const ArrayPtr& node) {
  const DType part = detail::real_part_type(node->dtype());
  if (part == node->dtype()) {
    auto zeros = std::make_shared<SourceNode>("imag", part, node->shape(), node->chunks());
    zeros->start = ScalarValue::of<std::int64_t>(0).cast(part);
    if (node->lengths_known()) return zeros;
  }
  return call_blocks({"imag", imag_function, {}, part, node->chunks(), node->chunks(), {{node, View::identity(node->ndim())}}});
}

ArrayPtr refuse_where(const ArrayPtr& flags, const ArrayPtr& values, const std::string& message) {
  Writer out;
  out.text(message);
  const View same = View::identity(values->ndim());
  return call_blocks({values->name(), refuse_function, out.head(), values->dtype(), values->chunks(), values->chunks(), {{flags, same}, {values, same}}});
}

}  // namespace ashlar::expression

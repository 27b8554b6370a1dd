#include <algorithm>
#include <limits>
#include <numeric>

#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/array/order.hpp"
#include "ashlar/array/sort_detail.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/order.hpp"
#include "ashlar/ndarray/scan.hpp"

namespace ashlar::lowering {

namespace {

struct RunsCall {
  runs::Format format;
  std::vector<index_t> ranks, starts;
  index_t total = 0;
  std::int32_t round = 0;
  bool places = false;

  Bytes encode() const {
    Writer out;
    out.put(format.type);
    out.put(format.places);
    out.array(ranks);
    out.array(starts);
    out.put(total);
    out.put(round);
    out.put<bool>(places);
    return out.head();
  }
  static RunsCall decode(std::span<const std::byte> closure) {
    Reader in(closure);
    RunsCall call;
    call.format.type = in.get<DType>();
    call.format.places = in.get<std::int32_t>();
    call.ranks = in.array<index_t>();
    call.starts = in.array<index_t>();
    call.total = in.get<index_t>();
    call.round = in.get<std::int32_t>();
    call.places = in.get<bool>();
    return call;
  }
};

Block run_sorted_run(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  return runs::sorted(blocks[0], RunsCall::decode(closure).format, blocks.size() > 1 ? &blocks[1] : nullptr);
}
/// Counts and ties of one run are a row of the array of all.
Block as_run_row(const Block& block) {
  Shape shape = block.shape();
  shape.v.insert(shape.v.end() - 1, 1);
  return block.reshape(shape);
}
Block run_digit_counts(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const RunsCall call = RunsCall::decode(closure);
  return as_run_row(runs::digit_counts(blocks[0], call.format, blocks.size() > 1 ? &blocks[1] : nullptr, static_cast<index_t>(call.ranks.size()), call.round));
}
Block run_settle(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const RunsCall call = RunsCall::decode(closure);
  return runs::settle(blocks[0], blocks.size() > 1 ? &blocks[1] : nullptr, call.ranks, call.format.type, call.round);
}
Block run_ties(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  return as_run_row(runs::ties(blocks[0], RunsCall::decode(closure).format, blocks[1]));
}
Block run_ties_before(std::span<const std::byte>, std::vector<Block>& blocks, const BlockInfo&) {
  const int of_runs = blocks[0].ndim() - 2;
  return scan(Scan::sum, std::move(blocks[0]), of_runs, true);
}
Block run_piece(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo& info) {
  const RunsCall call = RunsCall::decode(closure);
  const auto axis = static_cast<std::size_t>(blocks[0].ndim());  // the one of the result's chunks
  const Block piece = runs::piece(blocks[0], call.format, blocks[1], blocks[2], call.ranks, call.total, info.chunk_location()[axis]);
  Shape shape(std::vector<index_t>(axis + 1, 1));
  shape.v.push_back(piece.size());
  return piece.reshape(shape);
}
Block run_merge(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo& info) {
  const RunsCall call = RunsCall::decode(closure);
  Shape shape;
  for (std::size_t i = 0; i + 1 < info.array_location().size(); ++i) shape.v.push_back(info.array_location()[i].second - info.array_location()[i].first);
  return runs::merged(blocks, call.format, shape, call.places, call.starts);
}
struct SortCall {
  index_t axis, positions;
};
Block run_sort(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const auto call = Reader(closure).get<SortCall>();
  return sorted_lines(blocks[0], static_cast<int>(call.axis), call.positions != 0);
}

/// numbers[i] at place places[i].
Block run_put_back(std::span<const std::byte>, std::vector<Block>& blocks, const BlockInfo&) {
  const Block places = blocks[0].contiguous(), numbers = blocks[1].contiguous();
  Block result = Block::allocate(DType::int64, places.shape());
  auto* to = reinterpret_cast<std::int64_t*>(result.make_writable());
  for (index_t i = 0; i < places.size(); ++i) to[places.as<std::int64_t>()[i]] = numbers.as<std::int64_t>()[i];
  return result;
}
constinit BlockFunction sort_function{"ashlar sort", &run_sort};
constinit BlockFunction put_back_function{"ashlar put back", &run_put_back};
constinit BlockFunction sorted_run_function{"ashlar sorted run", &run_sorted_run};
constinit BlockFunction digit_counts_function{"ashlar digit counts", &run_digit_counts};
constinit BlockFunction settle_function{"ashlar settle cuts", &run_settle};
constinit BlockFunction ties_function{"ashlar ties of cuts", &run_ties};
constinit BlockFunction ties_before_function{"ashlar ties before", &run_ties_before};
constinit BlockFunction piece_function{"ashlar sorted piece", &run_piece};
constinit BlockFunction merge_function{"ashlar merge pieces", &run_merge};

/// Each line lies in one chunk.
ArrayPtr sort_whole_lines(const ArrayPtr& x, int axis, bool positions) {
  Writer closure;
  closure.put(SortCall{axis, positions ? 1 : 0});
  return call_blocks({positions ? "argsort" : "sort", sort_function, closure.head(), positions ? DType::int64 : x->dtype(), x->chunks(), x->chunks(), {{x, View::identity(x->ndim())}}});
}

using Axes = std::vector<int>;
Axes first_axes(int count, Axes more = {}) {
  Axes axes(static_cast<std::size_t>(count));
  std::iota(axes.begin(), axes.end(), 0);
  axes.insert(axes.end(), more.begin(), more.end());
  return axes;
}
/// Axis k of an array is axis axes[k] of the tasks.
View view_by(const Axes& axes) {
  View view;
  for (int axis : axes) view.axes.push_back({axis, 0, 1, nullptr});
  return view;
}
std::vector<index_t> ones(std::size_t count) { return std::vector<index_t>(count, 1); }
Chunks others_of(const Chunks& chunks) { return {chunks.begin(), chunks.end() - 1}; }
Chunks with(Chunks chunks, std::initializer_list<std::vector<index_t>> more) {
  chunks.insert(chunks.end(), more);
  return chunks;
}
std::vector<index_t> scaled(std::vector<index_t> sizes, index_t by) {
  for (index_t& n : sizes) n *= by;
  return sizes;
}
std::vector<index_t> inner_borders(const std::vector<index_t>& lengths) {
  std::vector<index_t> borders(lengths.size());
  std::partial_sum(lengths.begin(), lengths.end(), borders.begin());
  borders.pop_back();
  return borders;
}

}  // namespace

index_t SortedRuns::total() const { return std::accumulate(chunks.back().begin(), chunks.back().end(), index_t{0}); }

SortedRuns sorted_runs(const ArrayPtr& x, bool places, const ArrayPtr& numbers) {
  SortedRuns runs;
  runs.chunks = x->chunks();
  runs.own_places = !numbers;
  const index_t longest = *std::max_element(runs.chunks.back().begin(), runs.chunks.back().end());
  runs.format = {x->dtype(), numbers ? 8 : !places ? 0 : longest <= std::numeric_limits<std::uint32_t>::max() ? 4 : 8};
  const View same = View::identity(x->ndim());
  std::vector<BlockCall::Input> inputs{{x, same}};
  if (numbers) inputs.push_back({numbers, same});
  Chunks bytes = x->chunks();
  bytes.back() = scaled(bytes.back(), runs.format.width());
  RunsCall call;
  call.format = runs.format;
  runs.node = call_blocks({"sort-runs", sorted_run_function, call.encode(), DType::uint8, x->chunks(), std::move(bytes), std::move(inputs)});
  return runs;
}

ArrayPtr sorted_pieces(const SortedRuns& runs, const std::vector<index_t>& lengths) {
  const Chunks others = others_of(runs.chunks);
  const int last = static_cast<int>(others.size());  // the axis of the lines
  const std::vector<index_t>& of_runs = runs.chunks.back();
  const std::vector<index_t> run_bytes = scaled(of_runs, runs.format.width());
  RunsCall call;
  call.format = runs.format;
  call.ranks = inner_borders(lengths);
  call.total = runs.total();
  const auto cuts = static_cast<index_t>(call.ranks.size());
  const std::vector<index_t> state_row{cuts * runs::state_width}, counts_row{cuts * runs::digit_values}, ties_row{cuts};
  const BlockCall::Input run{runs.node, View::identity(last + 1), with(others, {run_bytes, state_row}), first_axes(last + 1), true};

  ArrayPtr state;
  for (call.round = 0; call.round < runs::rounds(runs.format.type); ++call.round) {
    std::vector<BlockCall::Input> inputs{run}, settled;
    if (state) inputs.push_back({state, view_by(first_axes(last, {last + 1})), {}, first_axes(last, {last + 1}), true});
    const ArrayPtr parts = call_blocks({"sort-counts", digit_counts_function, call.encode(), DType::int64, with(others, {of_runs, state_row}),
                                        with(others, {ones(of_runs.size()), counts_row}), std::move(inputs)});
    const ArrayPtr counts = expression::reduce(Reduction::sum, parts, {.axes = AxisSpec(last)});
    settled.push_back({counts, View::identity(last + 1), {}, first_axes(last + 1), true});
    if (state) settled.push_back({state, view_by(first_axes(last, {last + 1})), {}, first_axes(last, {last + 1}), true});
    state = call_blocks({"sort-cuts", settle_function, call.encode(), DType::int64, with(others, {counts_row, state_row}), with(others, {state_row}), std::move(settled)});
  }
  const ArrayPtr equal = call_blocks({"sort-ties",
                                      ties_function,
                                      call.encode(),
                                      DType::int64,
                                      with(others, {of_runs, state_row}),
                                      with(others, {ones(of_runs.size()), ties_row}),
                                      {run, {state, view_by(first_axes(last, {last + 1})), {}, first_axes(last, {last + 1}), true}}});
  const Chunks all_runs = with(others, {{static_cast<index_t>(of_runs.size())}, ties_row});
  const ArrayPtr before = call_blocks({"sort-ties-before", ties_before_function, {}, DType::int64, all_runs, all_runs, {{equal, View::identity(last + 2)}}});
  // Tasks: the other axes, runs, chunks of the result; then what is needed whole.
  Chunks result;
  for (const auto& sizes : others) result.push_back(ones(sizes.size()));
  result = with(std::move(result), {ones(of_runs.size()), ones(lengths.size()), {unknown}});
  return call_blocks({"sort-pieces",
                      piece_function,
                      call.encode(),
                      DType::uint8,
                      with(others, {of_runs, lengths, state_row, ties_row}),
                      std::move(result),
                      {{runs.node, View::identity(last + 1), with(others, {run_bytes, lengths, state_row, ties_row}), first_axes(last + 1), true},
                       {state, view_by(first_axes(last, {last + 2})), {}, first_axes(last, {last + 2}), true},
                       {before, view_by(first_axes(last + 1, {last + 3})), with(others, {ones(of_runs.size()), lengths, state_row, ties_row}), first_axes(last + 1, {last + 3}), true}}});
}

ArrayPtr merged_pieces(const SortedRuns& runs, const ArrayPtr& pieces, const std::vector<index_t>& lengths, bool want_places) {
  const Chunks others = others_of(runs.chunks);
  const int last = static_cast<int>(others.size());
  RunsCall call;
  call.format = runs.format;
  call.places = want_places;
  Chunks space;
  for (const auto& sizes : others) space.push_back(ones(sizes.size()));
  space = with(std::move(space), {ones(lengths.size()), {unknown}});
  std::vector<BlockCall::Input> inputs;
  index_t start = 0;
  for (std::size_t run = 0; run < runs.chunks.back().size(); ++run) {
    call.starts.push_back(runs.own_places ? start : 0);
    start += runs.chunks.back()[run];
    View view = view_by(first_axes(last));
    view.axes.push_back({-1, static_cast<index_t>(run), 0, nullptr});
    view.axes.push_back({last, 0, 1, nullptr});
    view.axes.push_back({last + 1, 0, 1, nullptr});
    inputs.push_back({pieces, std::move(view), space, {last + 1}, true});
  }
  return call_blocks({want_places ? "argsort" : "sort", merge_function, call.encode(), want_places ? DType::int64 : runs.format.type, with(others, {lengths, {unknown}}),
                      with(others, {lengths}), std::move(inputs)});
}

std::vector<index_t> joined_chunks(const std::vector<index_t>& sizes, index_t bytes_per_element) {
  constexpr std::size_t many = 64;
  constexpr index_t small = 64 << 20;
  if (sizes.size() <= many) return sizes;
  const index_t total = std::accumulate(sizes.begin(), sizes.end(), index_t{0});
  const index_t longest = std::max({*std::max_element(sizes.begin(), sizes.end()), (total + static_cast<index_t>(many) - 1) / static_cast<index_t>(many), index_t{1}});
  const index_t most = std::min(longest, std::max(*std::max_element(sizes.begin(), sizes.end()), small / std::max<index_t>(1, bytes_per_element)));
  std::vector<index_t> joined;
  for (index_t n : sizes) {
    if (joined.empty() || joined.back() + n > most) joined.push_back(n);
    else joined.back() += n;
  }
  return joined;
}

Chunks cut_across(const ArrayNode& x, const std::vector<int>& axes) {
  constexpr index_t enough_parts = 64, small_line = 128 << 20;
  Chunks chunks = x.chunks();
  index_t lines = 1, line_bytes = itemsize(x.dtype()), parts = 1;
  const auto whole = [&](std::size_t i) { return std::find(axes.begin(), axes.end(), static_cast<int>(i)) != axes.end(); };
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    (whole(i) ? line_bytes : lines) *= x.shape()[i];
    if (!whole(i)) continue;
    parts *= static_cast<index_t>(chunks[i].size());
    chunks[i] = {x.shape()[i]};
  }
  if (parts > 1 && lines < x.num_chunks() && (lines < enough_parts || line_bytes > small_line)) return {};
  for (std::size_t i = chunks.size(); i-- > 0 && parts > 1;) {
    if (whole(i)) continue;
    const index_t longest = *std::max_element(chunks[i].begin(), chunks[i].end()), by = std::min(parts, longest);
    if (by <= 1) continue;
    const index_t size = (longest + by - 1) / by;
    std::vector<index_t> finer;
    for (index_t n : chunks[i])
      for (index_t at = 0; at < n; at += size) finer.push_back(std::min(size, n - at));
    chunks[i] = std::move(finer);
    parts = (parts + by - 1) / by;
  }
  return chunks;
}

InOrder in_order(const ArrayPtr& line, bool places) {
  if (line->chunks()[0].size() == 1) return {sort_whole_lines(line, 0, false), places ? sort_whole_lines(line, 0, true) : nullptr};
  const SortedRuns runs = sorted_runs(line, places, nullptr);
  const ArrayPtr pieces = sorted_pieces(runs, line->chunks()[0]);
  return {merged_pieces(runs, pieces, line->chunks()[0], false), places ? merged_pieces(runs, pieces, line->chunks()[0], true) : nullptr};
}

ArrayPtr put_back(const ArrayPtr& places, const ArrayPtr& numbers) {
  const Chunks& chunks = places->chunks();
  const View same = View::identity(1);
  if (chunks[0].size() == 1) return call_blocks({"put-back", put_back_function, {}, DType::int64, chunks, chunks, {{places, same}, {numbers, same}}});
  const SortedRuns runs = sorted_runs(places, false, numbers);
  return merged_pieces(runs, sorted_pieces(runs, chunks[0]), chunks[0], true);
}

}  // namespace ashlar::lowering

namespace ashlar::expression {

using namespace lowering;

ArrayPtr sort(const ArrayPtr& x, int axis, bool positions) {
  if (!x->lengths_known()) throw ShapeError("sort needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(x->shape()));
  const int number = normalize_axes(AxisSpec(axis), x->ndim()).front();
  const auto along = static_cast<std::size_t>(number);
  if (x->chunks()[along].size() == 1 || x->shape().elements() == 0) return sort_whole_lines(x, number, positions);
  if (const Chunks across = cut_across(*x, {number}); !across.empty())
    return rechunk(sort_whole_lines(rechunk(x, ChunkSpec(across), {}), number, positions), ChunkSpec(x->chunks()), {});

  std::vector<index_t> order;
  for (int i = 0; i < x->ndim(); ++i)
    if (i != number) order.push_back(i);
  order.push_back(number);
  ArrayPtr lines = transpose(x, AxisSpec(order));
  index_t bytes = itemsize(x->dtype());
  for (std::size_t i = 0; i + 1 < order.size(); ++i) bytes *= *std::max_element(lines->chunks()[i].begin(), lines->chunks()[i].end());
  Chunks joined = lines->chunks();
  joined.back() = joined_chunks(joined.back(), bytes);
  if (joined != lines->chunks()) lines = rechunk(lines, ChunkSpec(joined), {});
  ArrayPtr result;
  if (joined.back().size() == 1) result = sort_whole_lines(lines, x->ndim() - 1, positions);
  else {
    const SortedRuns runs = sorted_runs(lines, positions, nullptr);
    result = merged_pieces(runs, sorted_pieces(runs, joined.back()), joined.back(), positions);
  }
  std::vector<index_t> back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) back[static_cast<std::size_t>(order[i])] = static_cast<index_t>(i);
  result = transpose(result, AxisSpec(back));
  return result->chunks() == x->chunks() ? result : rechunk(result, ChunkSpec(x->chunks()), {});
}

}  // namespace ashlar::expression

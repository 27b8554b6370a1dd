#include "ashlar/array/reshape_chunks_detail.hpp"

#include <algorithm>
#include <numeric>

namespace ashlar::lowering {
namespace {

using Sizes = std::vector<index_t>;

Sizes pieces(index_t length, index_t size) {
  Sizes sizes;
  for (index_t at = 0; at < length; at += size) sizes.push_back(std::min(size, length - at));
  return sizes;
}

/// Sizes between borders that were rounded to multiples of a unit.
Sizes between(const Sizes& sizes, index_t unit) {
  Sizes result;
  index_t at = 0, last = 0, total = std::accumulate(sizes.begin(), sizes.end(), index_t{0});
  for (index_t n : sizes) {
    at += n;
    const index_t border = at == total ? total : (at + unit / 2) / unit * unit;
    if (border > last && border <= total) result.push_back(border - last);
    last = std::max(last, std::min(border, total));
  }
  return result;
}

/// Axes cut as (1, …, 1, k, whole, …): runs of elements of about `target`. Gives the sizes of the runs.
Sizes cut_runs(const Sizes& lengths, index_t target, std::vector<Sizes>& cut) {
  index_t inner = std::accumulate(lengths.begin(), lengths.end(), index_t{1}, std::multiplies<>()), outer = 1;
  std::size_t level = 0;
  for (;; ++level) {
    inner /= lengths[level];
    if (inner <= target || level + 1 == lengths.size()) break;
    outer *= lengths[level];
  }
  cut.clear();
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (i < level) cut.push_back(Sizes(static_cast<std::size_t>(lengths[i]), 1));
    else if (i == level) cut.push_back(pieces(lengths[i], std::max<index_t>(1, target / inner)));
    else cut.push_back({lengths[i]});
  }
  Sizes runs;
  for (index_t i = 0; i < outer; ++i)
    for (index_t n : cut[level]) runs.push_back(n * inner);
  return runs;
}

struct Group {
  Sizes from, to;                      // lengths
  std::vector<Sizes> chunks;           // of `from`
  std::vector<Sizes> cut, result;      // what comes out
};

void cut_group(Group& group) {
  if (group.from.size() == 1 && group.to.size() == 1) {
    group.cut = group.result = group.chunks;
    return;
  }
  index_t total = 1, target = 1;
  bool inner_whole = true;
  for (std::size_t i = 0; i < group.from.size(); ++i) {
    total *= group.from[i];
    target *= *std::max_element(group.chunks[i].begin(), group.chunks[i].end());
    inner_whole = inner_whole && (i == 0 || group.chunks[i].size() == 1);
  }
  const index_t inner_from = total / group.from[0], inner_to = total / group.to[0], unit = std::lcm(inner_from, inner_to);
  if (unit > target && group.to.size() == 1) {
    group.result = {cut_runs(group.from, target, group.cut)};
    return;
  }
  if (unit > target && group.from.size() == 1) {
    group.cut = {cut_runs(group.to, target, group.result)};
    return;
  }
  // Cut on the first axes only; both sides then hold whole multiples of their inner sizes.
  Sizes flat;
  if (inner_whole) {
    for (index_t n : group.chunks[0]) flat.push_back(n * inner_from);
    flat = between(flat, unit);
  } else {
    flat = pieces(total, std::max<index_t>(1, target / unit) * unit);
  }
  for (std::size_t i = 0; i < group.from.size(); ++i) group.cut.push_back({group.from[i]});
  for (std::size_t i = 0; i < group.to.size(); ++i) group.result.push_back({group.to[i]});
  group.cut[0].clear();
  group.result[0].clear();
  for (index_t n : flat) {
    group.cut[0].push_back(n / inner_from);
    group.result[0].push_back(n / inner_to);
  }
}

}  // namespace

ReshapeChunks reshape_chunks(const Shape& from, const Chunks& chunks, const Shape& to) {
  ReshapeChunks result;
  for (index_t n : from) result.input.push_back({n});
  for (index_t n : to) result.result.push_back({n});
  if (from.elements() == 0) return result;
  std::vector<std::size_t> old_axes, new_axes;
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1) old_axes.push_back(i);
  for (std::size_t i = 0; i < to.size(); ++i)
    if (to[i] != 1) new_axes.push_back(i);
  std::size_t old_begin = 0, new_begin = 0;
  while (old_begin < old_axes.size()) {
    std::size_t old_end = old_begin + 1, new_end = new_begin + 1;
    index_t old_product = from[old_axes[old_begin]], new_product = to[new_axes[new_begin]];
    while (old_product != new_product) {
      if (new_product < old_product) new_product *= to[new_axes[new_end++]];
      else old_product *= from[old_axes[old_end++]];
    }
    Group group;
    for (std::size_t i = old_begin; i < old_end; ++i) {
      group.from.push_back(from[old_axes[i]]);
      group.chunks.push_back(chunks[old_axes[i]]);
    }
    for (std::size_t i = new_begin; i < new_end; ++i) group.to.push_back(to[new_axes[i]]);
    cut_group(group);
    for (std::size_t i = old_begin; i < old_end; ++i) result.input[old_axes[i]] = group.cut[i - old_begin];
    for (std::size_t i = new_begin; i < new_end; ++i) result.result[new_axes[i]] = group.result[i - new_begin];
    old_begin = old_end;
    new_begin = new_end;
  }
  return result;
}

}  // namespace ashlar::lowering

#include "ashlar/table/row_order.hpp"

#include <algorithm>
#include <cmath>

#include "ashlar/table/key_index.hpp"
#include "ashlar/table/table.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

template <class T>
bool is_nan(const T& value) {
  if constexpr (std::is_floating_point_v<T>) return std::isnan(value);
  else return (void)value, false;
}

template <class T>
int compare_values(const T& x, const T& y, bool ascending) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) - std::isnan(y);
  }
  const int sign = x < y ? -1 : y < x ? 1 : 0;
  return ascending ? sign : -sign;
}

int compare_at(const Column& a, std::int64_t i, const Column& b, std::int64_t j, bool ascending, bool nulls_last) {
  const bool x = a.is_null(i), y = b.is_null(j);
  if (x || y) return x == y ? 0 : x == nulls_last ? 1 : -1;
  if (a.type() == ColumnType::string) return compare_values(a.text(i), b.text(j), ascending);
  if (a.type() == ColumnType::category) {
    const auto text = [](const Column& c, std::int64_t row) { return c.categories().text(c.codes()[static_cast<std::size_t>(row)]); };
    return compare_values(text(a, i), text(b, j), ascending);
  }
  return dispatch_fixed(a.type(), [&]<class T>(std::type_identity<T>) {
    return compare_values(static_cast<const T*>(a.address())[i], static_cast<const T*>(b.address())[j], ascending);
  });
}

std::vector<ColumnType> types_of(std::span<const Column> keys) {
  std::vector<ColumnType> out;
  for (const Column& key : keys) out.push_back(key.type());
  return out;
}

// The best rows of every group, each group's side by side, in order; `before` says which of two rows stands first.
template <class Before>
std::vector<std::int64_t> best_rows(const std::vector<std::uint32_t>& groups, std::size_t ngroups, std::size_t n, const Column& values,
                                    Before before) {
  const auto counts = [&](std::size_t row) { return groups[row] != KeyIndex::dropped && values.is_valid(static_cast<std::int64_t>(row)); };
  std::vector<std::size_t> sizes(ngroups), begins(ngroups + 1), held(ngroups);
  for (std::size_t row = 0; row < groups.size(); ++row)
    if (counts(row)) ++sizes[groups[row]];
  for (std::size_t g = 0; g < ngroups; ++g) begins[g + 1] = begins[g] + std::min(sizes[g], n);
  std::vector<std::int64_t> best(begins[ngroups]);
  for (std::size_t row = 0; row < groups.size(); ++row) {
    if (!counts(row)) continue;
    const auto at = static_cast<std::int64_t>(row);
    std::int64_t* mine = best.data() + begins[groups[row]];
    std::size_t& count = held[groups[row]];
    std::size_t place = count;
    while (place > 0 && before(at, mine[place - 1])) --place;
    if (place == n) continue;
    if (count < n) ++count;
    for (std::size_t k = count - 1; k > place; --k) mine[k] = mine[k - 1];
    mine[place] = at;
  }
  return best;
}

}  // namespace

int RowOrder::compare(std::span<const Column> a, std::int64_t i, std::span<const Column> b, std::int64_t j) const {
  for (std::size_t k = 0; k < a.size(); ++k)
    if (const int sign = compare_at(a[k], i, b[k], j, ascending[k], nulls_last)) return sign;
  return 0;
}

std::int64_t RowOrder::rows_before(std::span<const Column> keys, std::span<const Column> others, std::int64_t j) const {
  std::int64_t first = 0, last = keys[0].size();
  while (first < last) {
    const std::int64_t middle = first + (last - first) / 2;
    if (compare(keys, middle, others, j) < 0)
      first = middle + 1;
    else
      last = middle;
  }
  return first;
}

std::vector<std::uint32_t> RowOrder::parts_of(std::span<const Column> keys, std::span<const Column> cuts) const {
  const std::int64_t n = keys[0].size(), ncuts = cuts[0].size();
  std::vector<std::uint32_t> out(static_cast<std::size_t>(n));
  if (ncuts == 0) return out;
  // One key that is never missing, without calls; all else row by row.
  if (keys.size() == 1 && !is_textual(keys[0].type()) && !keys[0].null_count() && !cuts[0].null_count()) {
    dispatch_fixed(keys[0].type(), [&]<class T>(std::type_identity<T>) {
      const T* from = static_cast<const T*>(keys[0].address());
      const T* at = static_cast<const T*>(cuts[0].address());
      const bool up = ascending[0];
      if (ncuts <= 16) {  // counted without a jump: where a row belongs cannot be foretold
        for (std::int64_t c = 0; c < ncuts; ++c) {
          const T cut = at[c];
          const bool cut_is_nan = is_nan(cut);  // only another one stands not before it
          std::uint32_t* const to = out.data();
          if (up)
            for (std::int64_t i = 0; i < n; ++i) to[i] += static_cast<std::uint32_t>(!(from[i] < cut) & !(cut_is_nan & !is_nan(from[i])));
          else
            for (std::int64_t i = 0; i < n; ++i) to[i] += static_cast<std::uint32_t>(!(cut < from[i]) & !(cut_is_nan & !is_nan(from[i])));
        }
        return;
      }
      for (std::int64_t i = 0; i < n; ++i)
        out[static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(
            std::partition_point(at, at + ncuts, [&](const T& cut) { return compare_values(cut, from[i], up) <= 0; }) - at);
    });
    return out;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    std::int64_t first = 0, last = ncuts;
    while (first < last) {
      const std::int64_t middle = first + (last - first) / 2;
      if (compare(cuts, middle, keys, i) <= 0)
        first = middle + 1;
      else
        last = middle;
    }
    out[static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(first);
  }
  return out;
}

std::vector<std::int64_t> distinct_rows(std::span<const Column> keys, bool keep_last) {
  KeyIndex index(types_of(keys), false);
  std::vector<std::uint32_t> groups;
  std::vector<std::int64_t> rows;
  index.insert(keys, groups, rows);
  if (!keep_last) return rows;
  for (std::size_t row = 0; row < groups.size(); ++row) rows[groups[row]] = static_cast<std::int64_t>(row);
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::vector<std::int64_t>> rows_of_groups(std::span<const Column> keys, bool sort, bool dropna) {
  KeyIndex index(types_of(keys), dropna);
  std::vector<std::uint32_t> groups;
  std::vector<std::int64_t> first_rows;
  index.insert(keys, groups, first_rows);
  std::vector<std::vector<std::int64_t>> rows(index.size());
  for (std::size_t row = 0; row < groups.size(); ++row)
    if (groups[row] != KeyIndex::dropped) rows[groups[row]].push_back(static_cast<std::int64_t>(row));
  if (!sort) return rows;
  std::vector<Column> first_keys;
  for (const Column& key : keys) first_keys.push_back(key.take(first_rows));
  std::vector<std::vector<std::int64_t>> sorted;
  for (const std::int64_t group : rows_in_order(first_keys, std::vector<bool>(keys.size(), true), true))
    sorted.push_back(std::move(rows[static_cast<std::size_t>(group)]));
  return sorted;
}

std::vector<std::int64_t> largest_of_groups(std::span<const Column> keys, const Column& values, std::int64_t n, bool largest, bool dropna) {
  if (n < 0) throw ValueError("the number of rows wanted of each group is not negative, found " + std::to_string(n));
  KeyIndex index(types_of(keys), dropna);
  std::vector<std::uint32_t> groups;
  std::vector<std::int64_t> first_rows;
  index.insert(keys, groups, first_rows);
  if (n == 0) return {};
  if (values.type() == ColumnType::category) return largest_of_groups(keys, values.cast(ColumnType::string), n, largest, dropna);
  const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(n, values.size()));
  if (values.type() == ColumnType::string)
    return best_rows(groups, index.size(), wanted, values,
                     [&](std::int64_t a, std::int64_t b) { return compare_values(values.text(a), values.text(b), !largest) < 0; });
  return dispatch_fixed(values.type(), [&]<class T>(std::type_identity<T>) {
    const T* from = static_cast<const T*>(values.address());
    return best_rows(groups, index.size(), wanted, values,
                     [&](std::int64_t a, std::int64_t b) { return compare_values(from[a], from[b], !largest) < 0; });
  });
}

}  // namespace ashlar::table

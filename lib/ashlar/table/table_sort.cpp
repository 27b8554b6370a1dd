// Sorting by several keys: one stable pass per key, last key first.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ashlar/table/table.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

template <class Key>
struct Keyed {
  Key key;
  std::int64_t row;
};

template <class Key>
bool before(const Key& a, const Key& b) {
  if constexpr (std::is_floating_point_v<Key>) {
    // NaN after all numbers, or the order would not be one.
    if (std::isnan(b)) return !std::isnan(a);
    return a < b;
  } else {
    return a < b;
  }
}

// Keys lie beside their rows while sorting: comparisons then touch memory in order.
template <class Key, class Get>
void sort_rows(std::span<std::int64_t> rows, bool ascending, Get get) {
  std::vector<Keyed<Key>> keyed(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) keyed[i] = {get(rows[i]), rows[i]};
  const auto up = [](const Keyed<Key>& a, const Keyed<Key>& b) { return before(a.key, b.key); };
  const auto down = [](const Keyed<Key>& a, const Keyed<Key>& b) {
    // Descending, NaN still last, as pandas has it.
    if constexpr (std::is_floating_point_v<Key>) {
      if (std::isnan(a.key) || std::isnan(b.key)) return !std::isnan(a.key) && std::isnan(b.key);
    }
    return before(b.key, a.key);
  };
  if (ascending)
    std::stable_sort(keyed.begin(), keyed.end(), up);
  else
    std::stable_sort(keyed.begin(), keyed.end(), down);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = keyed[i].row;
}

void sort_by(const Column& key, std::vector<std::int64_t>& rows, bool ascending, bool nulls_last) {
  std::span<std::int64_t> valid(rows);
  if (key.null_count()) {
    const auto middle = std::stable_partition(rows.begin(), rows.end(), [&](std::int64_t row) { return key.is_valid(row) == nulls_last; });
    valid = nulls_last ? std::span(rows.begin(), middle) : std::span(middle, rows.end());
  }
  if (key.type() == ColumnType::string)
    return sort_rows<std::string_view>(valid, ascending, [&](std::int64_t row) { return key.text(row); });
  dispatch_fixed(key.type(), [&]<class T>(std::type_identity<T>) {
    const T* from = static_cast<const T*>(key.address());
    sort_rows<T>(valid, ascending, [&](std::int64_t row) { return from[row]; });
  });
}

}  // namespace

std::vector<std::int64_t> rows_in_order(std::span<const Column> keys, const std::vector<bool>& ascending, bool nulls_last) {
  std::vector<std::int64_t> rows(keys.empty() ? 0 : static_cast<std::size_t>(keys[0].size()));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  for (std::size_t k = keys.size(); k-- > 0;) sort_by(keys[k], rows, ascending[k], nulls_last);
  return rows;
}

}  // namespace ashlar::table

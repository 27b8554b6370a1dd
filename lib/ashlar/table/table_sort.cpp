// Sorting by several keys: every key becomes bits whose unsigned order is the one wanted, bits of several keys share words, words are
// sorted by radix from the last to the first. Each pass is stable, so rows of equal keys keep their order.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <span>

#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/key_index.hpp"
#include "ashlar/table/table.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

struct Item {
  std::uint64_t key;
  std::int64_t row;
};

// Room for what a sort needs besides its keys: several times as much as they take, so from the pool, which has it still from the sort before. What
// malloc gives for so many bytes are new pages, cleared by the system each time.
template <class T>
class Room {
 public:
  explicit Room(std::size_t n) : data_(fresh<T>(memory_, static_cast<std::int64_t>(n))), size_(n) {}
  T* begin() const { return data_; }
  T* end() const { return data_ + size_; }
  T& operator[](std::size_t i) const { return data_[i]; }
  std::span<T> all() const { return {data_, size_}; }

 private:
  Buffer memory_;
  T* data_;
  std::size_t size_;
};

// Below this many, comparing costs less than counting.
constexpr std::size_t few = 256;

void sort_items(std::span<Item> items, std::span<Item> room, unsigned bits);

// Items whose keys agree above the low `bits`: run by run.
void sort_runs(std::span<Item> items, std::span<Item> room, unsigned bits) {
  for (std::size_t first = 0; first < items.size();) {
    std::size_t last = first + 1;
    while (last < items.size() && items[last].key >> bits == items[first].key >> bits) ++last;
    const std::size_t n = last - first;
    if (n > 1 && n <= 16) {
      for (std::size_t i = first + 1; i < last; ++i) {
        const Item item = items[i];
        std::size_t at = i;
        for (; at > first && item.key < items[at - 1].key; --at) items[at] = items[at - 1];
        items[at] = item;
      }
    } else if (n > 1) {
      sort_items(items.subspan(first, n), room.subspan(first, n), bits);
    }
    first = last;
  }
}

// By the low `bits` of the keys; those above are the same in all. Stable. Bytes in which all agree are passed over, and the lowest bytes are
// looked at only where the others leave more than one item: many values of many digits are told apart by their first.
void sort_items(std::span<Item> items, std::span<Item> room, unsigned bits) {
  const std::size_t n = items.size();
  if (n < few) {
    std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.key < b.key; });
    return;
  }
  const unsigned telling = (static_cast<unsigned>(std::bit_width(n)) + 8 + 7) / 8 * 8, top = (bits + 7) / 8 * 8;
  const unsigned from = top > telling + 8 ? top - telling : 0;
  std::array<std::array<std::size_t, 256>, 8> counts{};
  for (const Item& item : items)
    for (unsigned shift = from; shift < top; shift += 8) ++counts[shift / 8][item.key >> shift & 0xff];
  std::span<Item> here = items, there = room;
  for (unsigned shift = from; shift < top; shift += 8) {
    auto& count = counts[shift / 8];
    if (count[here[0].key >> shift & 0xff] == n) continue;
    std::size_t at = 0;
    for (std::size_t& c : count) at += std::exchange(c, at);
    for (const Item& item : here) there[count[item.key >> shift & 0xff]++] = item;
    std::swap(here, there);
  }
  if (here.data() != items.data()) std::copy(here.begin(), here.end(), items.begin());
  if (from > 0) sort_runs(items, room, from);
}

// Unsigned order of the bits is the order of the values; NaN behind all numbers.
template <class T>
std::uint64_t ordered_bits(T value) {
  if constexpr (std::is_same_v<T, double>) {
    if (std::isnan(value)) return ~std::uint64_t{0};
    const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);
    return bits >> 63 ? ~bits : bits | std::uint64_t{1} << 63;
  } else if constexpr (std::is_same_v<T, float>) {
    if (std::isnan(value)) return 0xffffffff;
    const auto bits = std::bit_cast<std::uint32_t>(value + 0.0f);
    return bits >> 31 ? static_cast<std::uint32_t>(~bits) : bits | std::uint32_t{1} << 31;
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value)) ^ std::uint64_t{1} << 63;
  } else {
    return static_cast<std::uint64_t>(value);
  }
}

// Texts in order of their bytes. Eight of them at a time as one big-endian number; those that agree so far go on with the next eight.
void sort_texts(const Column& column, std::vector<std::int64_t>& rows, std::size_t begin, std::size_t end, std::size_t depth) {
  const Room<Item> items(end - begin), room(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    const std::string_view text = column.text(rows[i]);
    std::uint64_t chunk = 0;
    if (text.size() > depth) std::memcpy(&chunk, text.data() + depth, std::min<std::size_t>(8, text.size() - depth));
    items[i - begin] = {__builtin_bswap64(chunk), rows[i]};
  }
  sort_items(items.all(), room.all(), 64);
  for (std::size_t i = begin; i < end; ++i) rows[i] = items[i - begin].row;
  for (std::size_t first = begin; first < end;) {
    std::size_t last = first + 1;
    while (last < end && items[last - begin].key == items[first - begin].key) ++last;
    if (last - first > 1) {
      // Those that end here stand first, the shorter before the longer: what follows them are zeros that they do not have.
      const auto at = [&](std::size_t i) { return rows.begin() + static_cast<std::ptrdiff_t>(i); };
      const auto goes_on =
          std::stable_partition(at(first), at(last), [&](std::int64_t row) { return column.text(row).size() <= depth + 8; });
      std::stable_sort(at(first), goes_on, [&](std::int64_t a, std::int64_t b) { return column.text(a).size() < column.text(b).size(); });
      const auto next = static_cast<std::size_t>(goes_on - rows.begin());
      if (last - next > 1) sort_texts(column, rows, next, last, depth + 8);
    }
    first = last;
  }
}

// The bits of one key for every row, as small as its values allow, in the low `width` bits.
struct KeyBits {
  Room<std::uint64_t> bits;
  unsigned width = 0;
  bool split_nulls = false;  // no room was left for them: they are put in their place afterwards
};

KeyBits bits_of(const Column& key, bool ascending, bool nulls_last) {
  const auto n = static_cast<std::size_t>(key.size());
  KeyBits out{Room<std::uint64_t>(n)};
  bool has_nan = false;
  std::uint64_t lowest = ~std::uint64_t{0}, highest = 0;
  if (key.type() == ColumnType::category) {
    const Column& categories = key.categories();
    std::vector<std::int64_t> order(static_cast<std::size_t>(categories.size()));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    sort_texts(categories, order, 0, order.size(), 0);
    std::vector<std::uint64_t> place(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) place[static_cast<std::size_t>(order[i])] = i;
    const auto codes = key.codes();
    for (std::size_t i = 0; i < n; ++i) out.bits[i] = key.is_valid(static_cast<std::int64_t>(i)) ? place[static_cast<std::size_t>(codes[i])] : 0;
    lowest = 0;
    highest = order.empty() ? 0 : order.size() - 1;
  } else if (key.type() == ColumnType::string) {
    // A text stands for its place among the different texts.
    KeyIndex index({ColumnType::string}, true);
    std::vector<std::uint32_t> numbers;
    std::vector<std::int64_t> first_rows;
    index.insert({&key, 1}, numbers, first_rows);
    const Column different = key.take(first_rows);
    std::vector<std::int64_t> order(first_rows.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    sort_texts(different, order, 0, order.size(), 0);
    std::vector<std::uint32_t> place(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) place[static_cast<std::size_t>(order[i])] = static_cast<std::uint32_t>(i);
    for (std::size_t i = 0; i < n; ++i) out.bits[i] = numbers[i] == KeyIndex::dropped ? 0 : place[numbers[i]];
    lowest = 0;
    highest = order.empty() ? 0 : order.size() - 1;
  } else {
    dispatch_fixed(key.type(), [&]<class T>(std::type_identity<T>) {
      const T* from = static_cast<const T*>(key.address());
      for (std::size_t i = 0; i < n; ++i) {
        if (key.is_null(static_cast<std::int64_t>(i))) {
          out.bits[i] = 0;
          continue;
        }
        const std::uint64_t bits = ordered_bits(from[i]);
        out.bits[i] = bits;
        if constexpr (std::is_floating_point_v<T>)
          if (std::isnan(from[i])) {
            has_nan = true;
            continue;
          }
        lowest = std::min(lowest, bits);
        highest = std::max(highest, bits);
      }
    });
    if (lowest > highest) lowest = highest = 0;
  }
  // Numbers become 0 … range in the wanted direction, NaN the next; nulls go before or behind all that.
  const std::uint64_t range = highest - lowest, nan = range + 1;
  const bool has_nulls = key.null_count() > 0;
  const std::uint64_t special = (has_nan ? 1u : 0u) + (has_nulls ? 1u : 0u);
  out.split_nulls = has_nulls && range > ~std::uint64_t{0} - special;
  const std::uint64_t shift = has_nulls && !nulls_last && !out.split_nulls ? 1 : 0;
  const std::uint64_t null = nulls_last ? range + special : 0;
  const bool is_nan_bits = has_nan;
  const std::uint64_t nan_bits = key.type() == ColumnType::float32 ? 0xffffffff : ~std::uint64_t{0};
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t& bits = out.bits[i];
    if (has_nulls && key.is_null(static_cast<std::int64_t>(i)))
      bits = out.split_nulls ? 0 : null;
    else if (is_nan_bits && bits == nan_bits)
      bits = nan + shift;
    else
      bits = (ascending ? bits - lowest : highest - bits) + shift;
  }
  const std::uint64_t largest = out.split_nulls ? range + (has_nan ? 1 : 0) : range + special;
  out.width = static_cast<unsigned>(std::bit_width(largest));
  return out;
}

}  // namespace

std::vector<std::int64_t> rows_in_order(std::span<const Column> keys, const std::vector<bool>& ascending, bool nulls_last) {
  const auto n = keys.empty() ? std::size_t{0} : static_cast<std::size_t>(keys[0].size());
  const Room<Item> items(n);
  for (std::size_t i = 0; i < n; ++i) items[i] = {0, static_cast<std::int64_t>(i)};
  std::optional<Room<std::uint64_t>> word;  // bits of the keys that have not been sorted by yet
  unsigned used = 0;
  const auto sort_by_word = [&] {
    if (!used) return;
    for (Item& item : items.all()) item.key = (*word)[static_cast<std::size_t>(item.row)];
    word.reset();
    sort_items(items.all(), Room<Item>(n).all(), used);
    used = 0;
  };
  for (std::size_t k = keys.size(); k-- > 0;) {
    KeyBits key = bits_of(keys[k], ascending[k], nulls_last);
    if (used + key.width > 64) sort_by_word();
    if (key.width && !used)
      word = std::move(key.bits);
    else if (key.width)
      for (std::size_t i = 0; i < n; ++i) (*word)[i] |= key.bits[i] << used;
    used += key.width;
    if (key.split_nulls) {
      sort_by_word();
      std::stable_partition(items.begin(), items.end(), [&](const Item& item) { return keys[k].is_valid(item.row) == nulls_last; });
    }
  }
  sort_by_word();
  std::vector<std::int64_t> rows(n);
  for (std::size_t i = 0; i < n; ++i) rows[i] = items[i].row;
  return rows;
}

}  // namespace ashlar::table

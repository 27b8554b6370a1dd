#pragma once
// Different texts numbered in order of first appearance. A text of at most 12 bytes is two words, compared as such; of a longer one its
// length, its first four bytes and its hash are compared before its bytes are. For sources of this floor.

#include <algorithm>
#include <cstring>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ashlar/table/column.hpp"
#include "ashlar/table/hash_slots_detail.hpp"

namespace ashlar::table {

// What is left of two words of eight bytes for a text of so many.
struct TextMasks {
  std::uint64_t first[13] = {}, second[13] = {};
  constexpr TextMasks() {
    for (unsigned length = 0; length <= 12; ++length) {
      first[length] = length >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * length)) - 1;
      second[length] = length <= 8 ? 0 : (std::uint64_t{1} << (8 * (length - 8))) - 1;
    }
  }
};
inline constexpr TextMasks text_masks{};

class TextIndex {
 public:
  static constexpr std::int64_t block = 512;

  std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }

  /// The numbers of rows [begin, begin + n), n at most a block. Null is a key like others. `added(row)` is told the first row of each new
  /// text.
  template <class Added>
  void insert(const Column& column, std::int64_t begin, std::int64_t n, const std::uint8_t* skip, std::uint32_t* numbers, Added added) {
    if (!skip && size() <= few && is_short(column, begin, n)) return insert_few(column, begin, n, numbers, added);
    Loaded b;
    load(column, begin, n, b);
    find_or_add_block(
        slots_, b.hashes, skip, n, numbers, [&](std::int64_t i, std::uint32_t k) { return same(column, begin + i, b.entries[i], k); },
        [&](std::uint32_t k) { return &entries_[k]; },
        [&](std::int64_t i) {
          added(begin + i);
          return add(column, begin + i, b.entries[i]);
        });
  }
  /// The same without adding: HashSlots::none for texts that are not there.
  void find(const Column& column, std::int64_t begin, std::int64_t n, const std::uint8_t* skip, std::uint32_t* numbers) const {
    Loaded b;
    load(column, begin, n, b);
    find_block(
        slots_, b.hashes, skip, n, numbers, [&](std::int64_t i, std::uint32_t k) { return same(column, begin + i, b.entries[i], k); },
        [&](std::uint32_t k) { return &entries_[k]; });
  }

  /// A hash of the text alone, the same everywhere; null has one too.
  static void hash(const Column& column, std::int64_t begin, std::int64_t n, std::uint64_t* hashes) {
    if (is_short(column, begin, n)) {
      const std::int64_t* const offsets = column.offsets() + begin;
      const char* const text = column.text_data();
      for (std::int64_t i = 0; i < n; ++i) hashes[i] = hash_of(short_entry(text + offsets[i], offsets[i + 1] - offsets[i]));
      return;
    }
    for (std::int64_t i = 0; i < n; ++i) hashes[i] = entry_of(column, begin + i).second;
  }

 private:
  // The length and the first four bytes; then eight more bytes, or where the bytes of a long text begin.
  struct Entry {
    std::uint64_t head = 0, tail = 0;
  };
  struct Loaded {
    Entry entries[block];
    std::uint32_t hashes[block];
  };
  struct Recent {
    Entry entry{~std::uint64_t{0}, 0};  // no short text has this length
    std::uint32_t number = 0;
  };
  static constexpr std::uint32_t null_length = 0xffffffff, few = 256, recent_size = 1024;
  static bool is_long(const Entry& e) {
    return static_cast<std::uint32_t>(e.head) > 12 && static_cast<std::uint32_t>(e.head) != null_length;
  }

  static std::pair<Entry, std::uint64_t> entry_of(const Column& column, std::int64_t row) {
    if (column.is_null(row)) return {{null_length, 0}, hash_seed};
    const std::string_view text = column.text(row);
    std::uint64_t first = 0, second = 0;
    if (text.size() > 12) {
      std::memcpy(&first, text.data(), 4);
      const std::uint64_t length = std::min<std::uint64_t>(text.size(), null_length - 1);
      return {{length | first << 32, 0}, XXH3_64bits(text.data(), text.size())};
    }
    if (column.offsets()[row] + 16 <= column.offsets()[column.size()]) {
      // Two whole words and what is too much of them cut off: short copies of unknown length are slow.
      std::memcpy(&first, text.data(), 8);
      std::memcpy(&second, text.data() + 8, 8);
      const auto bits = static_cast<unsigned>(text.size() * 8);
      first = bits >= 64 ? first : first & ((std::uint64_t{1} << bits) - 1);
      second = bits <= 64 ? 0 : second & ((std::uint64_t{1} << (bits - 64)) - 1);
    } else {
      char bytes[16] = {};
      if (!text.empty()) std::memcpy(bytes, text.data(), text.size());
      std::memcpy(&first, bytes, 8);
      std::memcpy(&second, bytes + 8, 8);
    }
    const Entry entry{text.size() | first << 32, first >> 32 | second << 32};
    return {entry, hash_of(entry)};
  }
  std::uint32_t add(const Column& column, std::int64_t row, Entry entry) {
    if (is_long(entry)) {
      const std::string_view text = column.text(row);
      const std::uint64_t length = text.size();
      entry.tail = bytes_.size();
      bytes_.resize(bytes_.size() + sizeof length + text.size());
      std::memcpy(bytes_.data() + entry.tail, &length, sizeof length);
      std::memcpy(bytes_.data() + entry.tail + sizeof length, text.data(), text.size());
    }
    entries_.push_back(entry);
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }

  // While there are few different texts, those met last stand in a small table by hash, each with its number: one comparison without a
  // branch tells nearly every row.
  template <class Added>
  void insert_few(const Column& column, std::int64_t begin, std::int64_t n, std::uint32_t* numbers, Added added) {
    if (recent_.empty()) recent_.resize(recent_size);
    std::uint32_t missed[block];
    std::size_t misses = 0;
    const std::int64_t* const offsets = column.offsets() + begin;
    const char* const text = column.text_data();
    const Recent* const recent = recent_.data();
    for (std::int64_t i = 0; i < n; ++i) {
      const Entry entry = short_entry(text + offsets[i], offsets[i + 1] - offsets[i]);
      const std::uint32_t hash = slot_hash(hash_of(entry));
      const Recent& r = recent[hash % recent_size];
      numbers[i] = r.number;
      missed[misses] = static_cast<std::uint32_t>(i);
      misses += ((r.entry.head ^ entry.head) | (r.entry.tail ^ entry.tail)) != 0;
    }
    for (std::size_t m = 0; m < misses; ++m) {
      const std::int64_t i = missed[m], row = begin + i;
      const Entry entry = short_entry(text + offsets[i], offsets[i + 1] - offsets[i]);
      const std::uint32_t hash = slot_hash(hash_of(entry));
      slots_.reserve(slots_.size() + 1);
      numbers[i] = slots_.find_or_add(
          hash, [&](std::uint32_t k) { return same(column, row, entry, k); },
          [&] {
            added(row);
            return add(column, row, entry);
          });
      recent_[hash % recent_size] = {entry, numbers[i]};
    }
  }

  // A block without nulls and long texts that does not lie at the very end of the column: 16 bytes can be read of each.
  static bool is_short(const Column& column, std::int64_t begin, std::int64_t n) {
    const std::int64_t* const offsets = column.offsets() + begin;
    if (n == 0 || column.null_count() || offsets[n - 1] + 16 > column.offsets()[column.size()]) return false;
    std::int64_t longest = 0;
    for (std::int64_t i = 0; i < n; ++i) longest = std::max(longest, offsets[i + 1] - offsets[i]);
    return longest <= 12;
  }
  // As entry_of, of a text of such a block: nothing to decide.
  static Entry short_entry(const char* text, std::int64_t length) {
    std::uint64_t first, second;
    std::memcpy(&first, text, 8);
    std::memcpy(&second, text + 8, 8);
    first &= text_masks.first[length];
    second &= text_masks.second[length];
    return {static_cast<std::uint64_t>(length) | first << 32, first >> 32 | second << 32};
  }
  static std::uint64_t hash_of(const Entry& entry) { return folded_product(entry.head ^ hash_seed, entry.tail ^ hash_factor); }
  static std::uint32_t slot_hash(std::uint64_t hash) { return static_cast<std::uint32_t>(hash ^ hash >> 32); }
  static void load(const Column& column, std::int64_t begin, std::int64_t n, Loaded& b) {
    if (is_short(column, begin, n)) {
      const std::int64_t* const offsets = column.offsets() + begin;
      const char* const text = column.text_data();
      for (std::int64_t i = 0; i < n; ++i) {
        b.entries[i] = short_entry(text + offsets[i], offsets[i + 1] - offsets[i]);
        b.hashes[i] = slot_hash(hash_of(b.entries[i]));
      }
      return;
    }
    for (std::int64_t i = 0; i < n; ++i) {
      const auto [entry, hash] = entry_of(column, begin + i);
      b.entries[i] = entry;
      b.hashes[i] = slot_hash(hash);
    }
  }
  bool same(const Column& column, std::int64_t row, const Entry& entry, std::uint32_t k) const {
    const Entry& there = entries_[k];
    if (entry.head != there.head) return false;
    if (!is_long(entry)) return entry.tail == there.tail;
    const std::string_view text = column.text(row);
    std::uint64_t length;
    std::memcpy(&length, bytes_.data() + there.tail, sizeof length);
    return text.size() == length && std::memcmp(bytes_.data() + there.tail + sizeof length, text.data(), text.size()) == 0;
  }

  HashSlots slots_;
  std::vector<Entry> entries_;
  std::vector<Recent> recent_;
  std::vector<char> bytes_;  // of the long texts, each behind its length
};

}  // namespace ashlar::table

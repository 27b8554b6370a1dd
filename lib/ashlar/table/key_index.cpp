#include "ashlar/table/key_index.hpp"

#include <cmath>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

std::uint64_t mixed(std::uint64_t key) {
  key ^= key >> 32;
  key *= 0xd6e8feb86659fd93;
  key ^= key >> 32;
  key *= 0xd6e8feb86659fd93;
  return key ^ (key >> 32);
}

// Equal values have equal bits.
template <class T>
std::uint64_t key_bits(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    const double d = value;
    if (std::isnan(d)) return 0x7ff8000000000000;
    std::uint64_t bits;
    const double normal = d + 0.0;  // -0.0 + 0.0 is 0.0
    std::memcpy(&bits, &normal, sizeof bits);
    return bits;
  } else {
    return static_cast<std::uint64_t>(value);
  }
}

}  // namespace

KeyIndex::KeyIndex(std::vector<ColumnType> types, bool dropna) : types_(std::move(types)), dropna_(dropna), slots_(64) {}

void KeyIndex::grow() {
  const bool bytes = types_.size() != 1 || types_[0] == ColumnType::string;
  std::vector<Slot> larger(slots_.size() * 4);
  const std::size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.group == dropped) continue;
    std::size_t at = (bytes ? slot.tag : mixed(slot.tag)) & mask;
    while (larger[at].group != dropped) at = (at + 1) & mask;
    larger[at] = slot;
  }
  slots_ = std::move(larger);
}

template <class Same>
std::uint32_t KeyIndex::find_or_add(std::uint64_t hash, std::uint64_t tag, Same same, bool& added) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at].group != dropped; at = (at + 1) & mask)
    if (slots_[at].tag == tag && same(slots_[at].group)) {
      added = false;
      return slots_[at].group;
    }
  if (size_ == dropped - 1) throw ValueError("a group-by has more than 4294967294 groups");
  added = true;
  const std::uint32_t group = size_++;
  slots_[at].tag = tag;
  slots_[at].group = group;
  if (std::size_t{size_} * 2 > slots_.size()) grow();
  return group;
}

std::uint32_t KeyIndex::add_bytes(std::string_view key, bool& added) {
  const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
  const std::uint32_t group = find_or_add(
      hash, hash,
      [&](std::uint32_t g) {
        const std::uint64_t begin = g ? ends_[g - 1] : 0;
        return ends_[g] - begin == key.size() && (key.empty() || std::memcmp(bytes_.data() + begin, key.data(), key.size()) == 0);
      },
      added);
  if (added) {
    bytes_.insert(bytes_.end(), key.begin(), key.end());
    ends_.push_back(bytes_.size());
  }
  return group;
}

std::uint32_t KeyIndex::null_group(bool& added) {
  added = false;
  if (dropna_) return dropped;
  if (null_group_ == dropped) {
    added = true;
    null_group_ = size_++;
    ends_.push_back(bytes_.size());
  }
  return null_group_;
}

void KeyIndex::insert_fixed(const Column& key, std::vector<std::uint32_t>& groups, std::vector<std::int64_t>& new_rows) {
  dispatch_fixed(key.type(), [&]<class T>(std::type_identity<T>) {
    const T* from = static_cast<const T*>(key.address());
    for (std::int64_t i = 0; i < key.size(); ++i) {
      bool added = false;
      const std::uint64_t bits = key_bits(from[i]);
      const std::uint32_t group =
          key.is_valid(i) ? find_or_add(mixed(bits), bits, [](std::uint32_t) { return true; }, added) : null_group(added);
      if (added) new_rows.push_back(i);
      groups[static_cast<std::size_t>(i)] = group;
    }
  });
}

void KeyIndex::insert_text(const Column& key, std::vector<std::uint32_t>& groups, std::vector<std::int64_t>& new_rows) {
  for (std::int64_t i = 0; i < key.size(); ++i) {
    bool added = false;
    groups[static_cast<std::size_t>(i)] = key.is_valid(i) ? add_bytes(key.text(i), added) : null_group(added);
    if (added) new_rows.push_back(i);
  }
}

// Several columns: a byte that says whether it is missing, then 8 bytes, or the length and the text; for blocks of rows at a time.
void KeyIndex::insert_rows(std::span<const Column> keys, std::vector<std::uint32_t>& groups, std::vector<std::int64_t>& new_rows) {
  constexpr std::int64_t block = 1024;
  const std::int64_t n = keys[0].size();
  std::vector<std::string> rows(static_cast<std::size_t>(std::min(n, block)));
  for (std::int64_t begin = 0; begin < n; begin += block) {
    const std::int64_t end = std::min(n, begin + block);
    for (auto& row : rows) row.clear();
    std::vector<bool> drop(rows.size(), false);
    for (const Column& key : keys) {
      const auto append = [&](std::int64_t i, const void* data, std::size_t nbytes) {
        std::string& row = rows[static_cast<std::size_t>(i - begin)];
        row += '\1';
        row.append(static_cast<const char*>(data), nbytes);
      };
      const auto missing = [&](std::int64_t i) {
        rows[static_cast<std::size_t>(i - begin)] += '\0';
        if (dropna_) drop[static_cast<std::size_t>(i - begin)] = true;
      };
      if (key.type() == ColumnType::string) {
        for (std::int64_t i = begin; i < end; ++i) {
          if (key.is_null(i)) {
            missing(i);
            continue;
          }
          const std::string_view text = key.text(i);
          const std::uint64_t size = text.size();
          append(i, &size, sizeof size);
          rows[static_cast<std::size_t>(i - begin)] += text;
        }
      } else {
        dispatch_fixed(key.type(), [&]<class T>(std::type_identity<T>) {
          const T* from = static_cast<const T*>(key.address());
          for (std::int64_t i = begin; i < end; ++i) {
            if (key.is_null(i)) {
              missing(i);
              continue;
            }
            const std::uint64_t bits = key_bits(from[i]);
            append(i, &bits, sizeof bits);
          }
        });
      }
    }
    for (std::int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<std::size_t>(i - begin);
      bool added = false;
      groups[static_cast<std::size_t>(i)] = drop[at] ? dropped : add_bytes(rows[at], added);
      if (added) new_rows.push_back(i);
    }
  }
}

void KeyIndex::insert(std::span<const Column> keys, std::vector<std::uint32_t>& groups, std::vector<std::int64_t>& new_rows) {
  if (keys.empty() || keys.size() != types_.size()) throw InternalError("a key index got another number of columns than it was made for");
  groups.resize(static_cast<std::size_t>(keys[0].size()));
  if (keys.size() > 1) return insert_rows(keys, groups, new_rows);
  if (types_[0] == ColumnType::string) return insert_text(keys[0], groups, new_rows);
  insert_fixed(keys[0], groups, new_rows);
}

}  // namespace ashlar::table

#pragma once
// Open addressing that knows neither keys nor values: slots hold 32 bits of hash and a number; who asks compares the keys.
// For sources of this floor.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ashlar::table {

/// 128 bits of product folded into 64: one multiplication mixes both words.
inline std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
inline constexpr std::uint64_t hash_seed = 0x9e3779b97f4a7c15, hash_factor = 0xd6e8feb86659fd93;

class HashSlots {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  std::size_t size() const { return size_; }
  /// Room for `keys` keys without growing. Numbers of slots follow from it only: no result depends on them.
  void reserve(std::size_t keys) {
    if (keys * 8 > slots_.size() * 5) grow(std::bit_ceil(keys * 8 / 5 + 1));
  }
  /// Whether looking up leaves the inner caches, so that asking early pays.
  bool large() const { return slots_.size() > (std::size_t{1} << 13); }
  void prefetch(std::uint32_t hash) const { __builtin_prefetch(&slots_[hash & mask()]); }
  /// The number in the home slot of the hash: mostly the one that will be compared.
  std::uint32_t peek(std::uint32_t hash) const { return slots_[hash & mask()].number; }

  template <class Same>
  std::uint32_t find(std::uint32_t hash, Same same) const {
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot slot = slots_[at];
      if (slot.number == none || (slot.hash == hash && same(slot.number))) return slot.number;
    }
  }
  /// There must be room for one more. `add()` gives the number of a new key.
  template <class Same, class Add>
  std::uint32_t find_or_add(std::uint32_t hash, Same same, Add add) {
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      Slot& slot = slots_[at];
      if (slot.number == none) {
        slot = {hash, add()};
        ++size_;
        return slot.number;
      }
      if (slot.hash == hash && same(slot.number)) return slot.number;
    }
  }

 private:
  struct Slot {
    std::uint32_t hash = 0, number = none;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  void grow(std::size_t nslots) {
    std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(nslots));
    for (const Slot& slot : old) {
      if (slot.number == none) continue;
      std::size_t at = slot.hash & mask();
      while (slots_[at].number != none) at = (at + 1) & mask();
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(64);
  std::size_t size_ = 0;
};

/// Numbers of a block of keys. hashes[i] is that of key i; same(i, number) compares; address(number) is what `same` will read;
/// add(i) gives the number of a new key i. Memory is asked for ahead, for the whole block. `skip` may be null; skipped keys get `none`.
template <class Same, class Address, class Add>
void find_or_add_block(HashSlots& slots, const std::uint32_t* hashes, const std::uint8_t* skip, std::int64_t n, std::uint32_t* numbers,
                       Same same, Address address, Add add) {
  slots.reserve(slots.size() + static_cast<std::size_t>(n));
  if (slots.large()) {
    for (std::int64_t i = 0; i < n; ++i) slots.prefetch(hashes[i]);
    for (std::int64_t i = 0; i < n; ++i)
      if (const std::uint32_t number = slots.peek(hashes[i]); number != HashSlots::none) __builtin_prefetch(address(number));
  }
  for (std::int64_t i = 0; i < n; ++i)
    numbers[i] = skip && skip[i] ? HashSlots::none
                                 : slots.find_or_add(
                                       hashes[i], [&](std::uint32_t number) { return same(i, number); }, [&] { return add(i); });
}
template <class Same, class Address>
void find_block(const HashSlots& slots, const std::uint32_t* hashes, const std::uint8_t* skip, std::int64_t n, std::uint32_t* numbers,
                Same same, Address address) {
  if (slots.large()) {
    for (std::int64_t i = 0; i < n; ++i) slots.prefetch(hashes[i]);
    for (std::int64_t i = 0; i < n; ++i)
      if (const std::uint32_t number = slots.peek(hashes[i]); number != HashSlots::none) __builtin_prefetch(address(number));
  }
  for (std::int64_t i = 0; i < n; ++i)
    numbers[i] = skip && skip[i] ? HashSlots::none : slots.find(hashes[i], [&](std::uint32_t number) { return same(i, number); });
}

}  // namespace ashlar::table

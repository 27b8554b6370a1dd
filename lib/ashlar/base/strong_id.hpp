#pragma once
// Integers that cannot be mixed up: a TaskId is not a WorkerId.

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>

namespace ashlar {

template <class Tag, class Integer = std::int64_t>
class StrongId {
 public:
  using integer = Integer;
  constexpr StrongId() = default;
  constexpr explicit StrongId(Integer value) : value_(value) {}
  constexpr Integer value() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;
  friend std::ostream& operator<<(std::ostream& out, StrongId id) { return out << id.value_; }

 private:
  Integer value_ = -1;
};

}  // namespace ashlar

template <class Tag, class Integer>
struct std::hash<ashlar::StrongId<Tag, Integer>> {
  std::size_t operator()(ashlar::StrongId<Tag, Integer> id) const noexcept { return std::hash<Integer>{}(id.value()); }
};

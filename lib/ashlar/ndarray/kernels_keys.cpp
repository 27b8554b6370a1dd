// Keys of order statistics by vectors.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_keys.cpp"
#include "hwy/foreach_target.h"
//
#include "ashlar/ndarray/kernels_detail.hpp"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

index_t matching(index_t n, const double* x, std::uint64_t mask, std::uint64_t prefix, std::uint64_t* keys) {
  const hn::ScalableTag<double> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::RebindToSigned<decltype(d)> di;
  const auto lanes = static_cast<index_t>(hn::Lanes(d));
  const auto top = hn::Set(du, std::uint64_t{1} << 63), all = hn::Set(du, ~std::uint64_t{0}), wanted = hn::Set(du, prefix), settled = hn::Set(du, mask);
  std::uint64_t* to = keys;
  const auto keep = [&](hn::Vec<decltype(d)> value, std::size_t count) HWY_ATTR {
    const auto bits = hn::BitCast(du, hn::Add(value, hn::Zero(d)));  // -0.0 becomes 0.0
    const auto negative = hn::BitCast(du, hn::BroadcastSignBit(hn::BitCast(di, bits)));
    const auto key = hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(value)), all, hn::Xor(bits, hn::Or(negative, top)));
    auto found = hn::Eq(hn::And(key, settled), wanted);
    if (count < hn::Lanes(d)) found = hn::And(found, hn::FirstN(du, count));
    if (hn::AllFalse(du, found)) return;
    if (hn::AllTrue(du, found)) {  // as in the first rounds; picking takes much longer
      hn::StoreU(key, du, to);
      to += hn::Lanes(du);
      return;
    }
    // A whole vector is stored each time, what is behind the found keys to be written over: stores under a mask take AMD's processors dozens of cycles.
    hn::StoreU(hn::Compress(key, found), du, to);
    to += hn::CountTrue(du, found);
  };
  index_t i = 0;
  for (; i + lanes <= n; i += lanes) keep(hn::LoadU(d, x + i), hn::Lanes(d));
  if (i < n) {
    const auto count = static_cast<std::size_t>(n - i);
    keep(hn::MaskedLoad(hn::FirstN(d, count), d, x + i), count);
  }
  return to - keys;
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(matching);
index_t matching_keys(index_t n, const double* x, std::uint64_t mask, std::uint64_t prefix, std::uint64_t* keys) {
  return HWY_DYNAMIC_DISPATCH(matching)(n, x, mask, prefix, keys);
}
}  // namespace ashlar::kernels
#endif

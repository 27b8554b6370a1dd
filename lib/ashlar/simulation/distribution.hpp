#pragma once
// How long tasks take and how large results are: seeded draws that are the same on every machine, in integers only.

#include <cstdint>
#include <string_view>

#include "ashlar/simulation/random.hpp"

namespace ashlar::simulation {

/// All have the mean asked for. uniform: from a half to one and a half of it. outliers: uniform, and one in a hundred ten times that (so
/// their mean is 1.09 times as large). lognormal: sigma 1, so the middle one takes 0.6 of the mean and one in a hundred six times it.
/// heavy_tail: Pareto with exponent 1.5, at least a third of the mean, at most a thousand times it; the variance has no end.
enum class Distribution { fixed, uniform, outliers, lognormal, heavy_tail };

/// Errors    ValueError for a name that is none.
Distribution distribution(std::string_view name);
const char* name(Distribution distribution);

std::int64_t draw(Distribution distribution, std::int64_t mean, Random& random);

}  // namespace ashlar::simulation

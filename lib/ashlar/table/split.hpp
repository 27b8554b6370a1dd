#pragma once
// One table cut into several by a number per row.

#include <cstdint>
#include <span>
#include <vector>

#include "ashlar/table/table.hpp"

namespace ashlar::table {

/// Table p has the rows with part[row] == p, in their order, and memory of its own. part has one number below `parts` for each row.
/// Cost      each column is read once, from its first to its last row, whatever the number of parts (texts twice).
std::vector<Table> split(const Table& rows, std::span<const std::uint32_t> part, std::int64_t parts);

}  // namespace ashlar::table

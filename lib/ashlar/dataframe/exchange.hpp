#pragma once
// Rows that change their partition: hash and range partitioning, and what of it joins and sorts are made of. Rows that come together stand
// in the order of (source partition, row).

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/dataframe/plan.hpp"
#include "ashlar/table/join.hpp"
#include "ashlar/table/running.hpp"

namespace ashlar::dataframe {

/// Rows with equal keys in one of `npartitions` partitions, chosen by a hash of the keys as `types`.
PlanPtr shuffled(const PlanPtr& table, const std::vector<std::string>& keys, const std::vector<ColumnType>& types,
                 std::int64_t npartitions);

/// Sorted over all partitions, of which there are as many as before: a sample of all says where to cut, rows between two cuts are brought
/// together and sorted. Stable. Equal keys stand in one partition. Sorted by its index already, a table is sorted within its partitions only.
PlanPtr sorted(const PlanPtr& table, const std::vector<std::string>& by, const std::vector<bool>& ascending, bool nulls_last);

/// Where `sorted` by one column, ascending, will cut: a table of at most npartitions - 1 rows, in one partition.
PlanPtr splitters(const PlanPtr& table, const std::string& by);
/// Rows in the partitions that `cuts` say (npartitions - 1 values in order), each sorted by the column, ascending.
PlanPtr divided(const PlanPtr& table, const std::string& by, const Column& cuts);

enum class JoinBy { size, broadcast, hash };
/// `npartitions` of a join by hash; 0: as many as the larger side has. By size: a side of one partition is sent to all of the other where
/// the kind of join allows it, else both are partitioned by their keys.
PlanPtr joined(const PlanPtr& left, const PlanPtr& right, const table::Join& how, JoinBy by, std::int64_t npartitions);

/// What a partition needs of the rows around it, one table per partition, to stand beside `data` (same rows): the last `n` rows before it,
/// the first `n` after it, or the running total of one column before it. `of_each`: what every partition gives to the others.
enum class Border : std::uint8_t { before, after, total };
PlanPtr borders(const PlanPtr& of_each, Border kind, std::int64_t n, table::Cumulative op, const PlanPtr& data);

}  // namespace ashlar::dataframe

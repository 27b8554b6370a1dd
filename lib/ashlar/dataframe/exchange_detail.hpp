#pragma once
// What hash and range partitioning, joins and borders are made of. For sources of this floor.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/codec.hpp"
#include "ashlar/dataframe/exchange.hpp"

namespace ashlar::dataframe {

/// Rows of one table, cut into pieces for as many receivers.
class Pieces {
 public:
  Pieces(Table rows, std::vector<std::int64_t> ends) : rows_(std::move(rows)), ends_(std::move(ends)) {}
  Table piece(std::int64_t j) const {
    const auto at = static_cast<std::size_t>(j);
    return rows_.slice(j ? ends_.at(at - 1) : 0, ends_.at(at));
  }
  std::int64_t nbytes() const { return rows_.nbytes() + static_cast<std::int64_t>(ends_.size() * sizeof(std::int64_t)); }
  void encode(Writer& out) const {
    rows_.encode(out);
    out.array(ends_);
  }
  static Pieces decode(Reader& in) {
    Table rows = Table::decode(in);
    return Pieces(std::move(rows), in.array<std::int64_t>());
  }

 private:
  Table rows_;
  std::vector<std::int64_t> ends_;
};

using Columns = std::vector<std::string>;

std::vector<Column> columns_of(const Table& table, const Columns& names);
/// These columns of it; all when none is named.
Table only(const Table& table, const Columns& names);
Columns with(Columns columns, const Columns& more);
/// Rows by receiver, in their order within each: part[row] says which.
Object split_by(const std::vector<std::uint32_t>& part, const Table& rows, std::int64_t parts);

/// What every node of this family is told when it is made; `content` tells apart nodes that do different things.
void settle(LayerNode& node, std::string name, std::int64_t npartitions, std::vector<PlanPtr> inputs, Table sample, Writer& content);
/// One partition for each piece of each partition of `split`: piece j of split i is partition j n + i, n being the number of splits, so that what
/// one receiver gets stands together.
PlanPtr pieces_of(const PlanPtr& split, std::int64_t parts, const std::string& name);
/// Piece i of the only partition of `all` is partition i; its rows are those of `data`.
PlanPtr piece_for_each(const PlanPtr& all, std::int64_t npartitions, const std::string& name, const PlanPtr& data);

}  // namespace ashlar::dataframe

#pragma once
// What hash and range partitioning, joins and borders are made of. For sources of this floor.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/codec.hpp"
#include "ashlar/dataframe/exchange.hpp"

namespace ashlar::dataframe {

/// Rows of one table, cut into pieces for as many receivers. Each piece has memory of its own: what was handed on, or put out of memory, is
/// gone from here, whatever happens to the others.
class Pieces {
 public:
  explicit Pieces(std::vector<Table> pieces) : pieces_(std::move(pieces)) {}
  const Table& piece(std::int64_t j) const { return pieces_.at(static_cast<std::size_t>(j)); }
  std::int64_t nbytes() const {
    std::int64_t n = 0;
    for (const Table& piece : pieces_) n += piece.nbytes();
    return n;
  }
  void encode(Writer& out) const {
    out.put<std::uint64_t>(pieces_.size());
    for (const Table& piece : pieces_) piece.encode(out);
  }
  static Pieces decode(Reader& in) {
    std::vector<Table> pieces(in.get<std::uint64_t>());
    for (Table& piece : pieces) piece = Table::decode(in);
    return Pieces(std::move(pieces));
  }

 private:
  std::vector<Table> pieces_;
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
/// one receiver gets stands together. Of one split each piece is all that its receiver gets: then `hashed` is true of them.
PlanPtr pieces_of(const PlanPtr& split, std::int64_t parts, const std::string& name, std::shared_ptr<const HashedBy> hashed = nullptr);
/// Piece i of the only partition of `all` is partition i; its rows are those of `data`.
PlanPtr piece_for_each(const PlanPtr& all, std::int64_t npartitions, const std::string& name, const PlanPtr& data);

}  // namespace ashlar::dataframe

// Rows that go where a hash of their keys says.

#include "ashlar/dataframe/exchange_detail.hpp"
#include "ashlar/dataframe/filter_pushdown.hpp"
#include "ashlar/dataframe/program.hpp"
#include "ashlar/table/key_index.hpp"
#include "ashlar/table/row_order.hpp"
#include "ashlar/table/split.hpp"

namespace ashlar::dataframe {

std::vector<Column> columns_of(const Table& table, const Columns& names) {
  std::vector<Column> out;
  for (const std::string& name : names) out.push_back(table[name]);
  return out;
}
Table only(const Table& table, const Columns& names) { return names.empty() || names == table.columns() ? table : table.select(names); }
Columns with(Columns columns, const Columns& more) {
  for (const std::string& m : more)
    if (std::find(columns.begin(), columns.end(), m) == columns.end()) columns.push_back(m);
  return columns;
}

Object split_by(const std::vector<std::uint32_t>& part, const Table& rows, std::int64_t parts) { return Object::of(Pieces(table::split(rows, part, parts))); }

namespace {

class HashSplitOperation final : public OperationOf<HashSplitOperation> {
 public:
  HashSplitOperation(Columns keys, std::vector<ColumnType> types, std::int64_t parts, Columns columns)
      : keys_(std::move(keys)), types_(std::move(types)), parts_(parts), columns_(std::move(columns)) {}
  void encode(Writer& out) const override {
    detail::encode_value(out, keys_);
    out.array(types_);
    out.put(parts_);
    detail::encode_value(out, columns_);
  }
  static std::shared_ptr<const HashSplitOperation> decode(Reader& in) {
    auto keys = detail::decode_value<Columns>(in);
    auto types = in.array<ColumnType>();
    const auto parts = in.get<std::int64_t>();
    return std::make_shared<HashSplitOperation>(std::move(keys), std::move(types), parts, detail::decode_value<Columns>(in));
  }
  Object run(TaskInput& task) const override {
    const Table& rows = task.inputs.at(0).get<Table>();
    std::vector<Column> keys = columns_of(rows, keys_);
    for (std::size_t k = 0; k < keys.size(); ++k) keys[k] = keys[k].cast(types_[k]);
    const auto hashes = table::hash_rows(keys);
    std::vector<std::uint32_t> part(hashes.size());
    for (std::size_t row = 0; row < hashes.size(); ++row) part[row] = static_cast<std::uint32_t>(table::part_of(hashes[row], parts_));
    return split_by(part, only(rows, columns_), parts_);
  }

 private:
  Columns keys_;
  std::vector<ColumnType> types_;
  std::int64_t parts_;
  Columns columns_;
};

class HashSplitNode final : public LayerNode {
 public:
  Columns keys;
  std::vector<ColumnType> types;
  std::int64_t parts = 1;
  std::vector<Demand> demand(const Columns& wanted) const override { return {with(wanted, keys)}; }
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const Columns& wanted) const override {
    return std::make_shared<PlanLayer>(
        name, npartitions, std::make_shared<HashSplitOperation>(keys, types, parts, wanted),
        [tasks = inputs[0]](std::int64_t i, std::vector<TaskRef>& out) { out.push_back(tasks[static_cast<std::size_t>(i)]); });
  }
  // Where a row goes follows from its keys.
  std::optional<Filtered> filtered(const std::vector<PlanPtr>& conjuncts, const std::function<bool(const PlanPtr&)>&) const override {
    return Filtered{with_inputs(*this, {rows_with(inputs[0], conjuncts)}), {}};
  }
  bool may_take_filters() const override { return true; }
  PlanPtr over_fewer(const std::function<PlanPtr(const PlanPtr&)>& fewer, const std::function<bool(const PlanPtr&)>&) const override {
    const PlanPtr input = fewer(inputs[0]);
    if (!input) return nullptr;
    auto split = with_inputs(*this, {input});
    split->npartitions = input->npartitions;
    return split;
  }
};

class PieceOperation final : public OperationOf<PieceOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const PieceOperation> decode(Reader&) { return std::make_shared<PieceOperation>(); }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    return Object::of(task.inputs.at(0).get<Pieces>().piece(in.get<std::int64_t>()));
  }
};

class PieceNode final : public LayerNode {
 public:
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const Columns&) const override {
    const auto n = static_cast<std::int64_t>(inputs[0].size());
    return std::make_shared<PlanLayer>(
        name, npartitions, std::make_shared<PieceOperation>(),
        [tasks = inputs[0], n](std::int64_t index, std::vector<TaskRef>& out) {
          out.push_back(tasks[static_cast<std::size_t>(index % n)]);
        },
        [n](std::int64_t index, Writer& out) { out.put(index / n); });
  }
  std::optional<Filtered> filtered(const std::vector<PlanPtr>& conjuncts, const std::function<bool(const PlanPtr&)>& sole) const override {
    const auto* split = dynamic_cast<const LayerNode*>(inputs[0].get());
    if (!split || !sole(inputs[0])) return std::nullopt;
    auto below = split->filtered(conjuncts, sole);
    if (!below) return std::nullopt;
    return Filtered{with_inputs(*this, {below->node}), below->rest};
  }
  bool may_take_filters() const override {
    const auto* split = dynamic_cast<const LayerNode*>(inputs[0].get());
    return split && split->may_take_filters();
  }
  bool hands_out_pieces() const override { return true; }
  PlanPtr over_fewer(const std::function<PlanPtr(const PlanPtr&)>& fewer, const std::function<bool(const PlanPtr&)>& sole) const override {
    const auto* split = dynamic_cast<const LayerNode*>(inputs[0].get());
    const PlanPtr of_fewer = split && sole(inputs[0]) ? split->over_fewer(fewer, sole) : nullptr;
    if (!of_fewer) return nullptr;
    auto pieces = with_inputs(*this, {of_fewer});
    pieces->npartitions = npartitions / inputs[0]->npartitions * of_fewer->npartitions;
    return pieces;
  }
};

}  // namespace

void settle(LayerNode& node, std::string name, std::int64_t npartitions, std::vector<PlanPtr> inputs, Table sample, Writer& content) {
  node.name = std::move(name);
  node.npartitions = npartitions;
  node.sample = std::move(sample);
  content.text(node.name);
  content.put(npartitions);
  for (const PlanPtr& input : inputs) content.put(input->token);
  node.inputs = std::move(inputs);
  node.token = node.rows = token_of(content);
}

PlanPtr pieces_of(const PlanPtr& split, std::int64_t parts, const std::string& name, std::shared_ptr<const HashedBy> hashed) {
  auto node = std::make_shared<PieceNode>();
  Writer content;
  settle(*node, name + "-piece", split->npartitions * parts, {split}, split->table(), content);
  if (split->npartitions == 1) node->hashed = std::move(hashed);
  return node;
}

PlanPtr piece_for_each(const PlanPtr& all, std::int64_t npartitions, const std::string& name, const PlanPtr& data) {
  auto node = std::make_shared<PieceNode>();
  Writer content;
  settle(*node, name, npartitions, {all}, all->table(), content);
  node->rows = data->rows;
  return node;
}

PlanPtr shuffled(const PlanPtr& table, const std::vector<std::string>& keys, const std::vector<ColumnType>& types,
                 std::int64_t npartitions) {
  if (npartitions < 1) throw ValueError("a shuffle wants at least one partition, found npartitions = " + std::to_string(npartitions));
  if (npartitions == 1) return repartition(table, 1);
  // Every row would come back to where it is, in the same order.
  const HashedBy wanted{keys, types};
  if (table->hashed && *table->hashed == wanted && table->npartitions == npartitions) return table;
  auto split = std::make_shared<HashSplitNode>();
  split->keys = keys;
  split->types = types;
  split->parts = npartitions;
  Writer content;
  detail::encode_value(content, keys);
  content.array(types);
  content.put(npartitions);
  settle(*split, "shuffle-split", table->npartitions, {table}, table->table(), content);
  const auto hashed = std::make_shared<HashedBy>(wanted);
  return repartition(pieces_of(split, npartitions, "shuffle", hashed), npartitions, "shuffle", hashed);
}

}  // namespace ashlar::dataframe

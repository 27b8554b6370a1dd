#include "ashlar/dataframe/exchange.hpp"

#include <algorithm>
#include <numeric>

#include "ashlar/base/codec.hpp"
#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/dataframe/program.hpp"
#include "ashlar/table/key_index.hpp"
#include "ashlar/table/row_order.hpp"

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

namespace {

using Columns = std::vector<std::string>;

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

// A counting sort by receiver: rows keep their order.
Object split_by(const std::vector<std::uint32_t>& part, const Table& rows, std::int64_t parts) {
  std::vector<std::int64_t> ends(static_cast<std::size_t>(parts));
  for (const std::uint32_t p : part) ++ends[p];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<std::int64_t> next(ends.size());
  std::copy(ends.begin(), ends.end() - 1, next.begin() + 1);
  std::vector<std::int64_t> order(part.size());
  for (std::size_t row = 0; row < part.size(); ++row) order[static_cast<std::size_t>(next[part[row]]++)] = static_cast<std::int64_t>(row);
  return Object::of(Pieces(rows.take(order), std::move(ends)));
}

// ---------------------------------------------------------------- by hash
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
};

// ---------------------------------------------------------------- one piece
class PieceOperation final : public OperationOf<PieceOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const PieceOperation> decode(Reader&) { return std::make_shared<PieceOperation>(); }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    return Object::of(task.inputs.at(0).get<Pieces>().piece(in.get<std::int64_t>()));
  }
};

// Piece j of split i is partition j n + i, n being the number of splits: what one receiver gets stands together.
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
};

// ---------------------------------------------------------------- by range
struct Order {
  Columns by;
  std::vector<std::uint8_t> ascending;
  bool nulls_last = true;

  table::RowOrder rows() const { return {std::vector<bool>(ascending.begin(), ascending.end()), nulls_last}; }
  void encode(Writer& out) const {
    detail::encode_value(out, by);
    out.array(ascending);
    out.put(nulls_last);
  }
  static Order decode(Reader& in) {
    Order order;
    order.by = detail::decode_value<Columns>(in);
    order.ascending = in.array<std::uint8_t>();
    order.nulls_last = in.get<bool>();
    return order;
  }
};

constexpr std::int64_t sample_size = 1024;

// One row of each of as many equal stretches of a partition, at a place that follows from its number.
class SampleOperation final : public OperationOf<SampleOperation> {
 public:
  explicit SampleOperation(Columns by) : by_(std::move(by)) {}
  void encode(Writer& out) const override { detail::encode_value(out, by_); }
  static std::shared_ptr<const SampleOperation> decode(Reader& in) {
    return std::make_shared<SampleOperation>(detail::decode_value<Columns>(in));
  }
  Object run(TaskInput& task) const override {
    const Table keys = task.inputs.at(0).get<Table>().select(by_);
    std::vector<std::int64_t> rows;
    const std::int64_t n = std::min(keys.nrows(), sample_size);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t first = i * keys.nrows() / n, length = (i + 1) * keys.nrows() / n - first;
      rows.push_back(first + table::part_of(static_cast<std::uint64_t>(i + 1) * 0x9e3779b97f4a7c15, length));
    }
    return Object::of(keys.take(rows));
  }

 private:
  Columns by_;
};

// All samples in order, cut into equal parts: the first rows of all parts but the first.
class SplittersOperation final : public OperationOf<SplittersOperation> {
 public:
  SplittersOperation(Order order, std::int64_t parts) : order_(std::move(order)), parts_(parts) {}
  void encode(Writer& out) const override {
    order_.encode(out);
    out.put(parts_);
  }
  static std::shared_ptr<const SplittersOperation> decode(Reader& in) {
    Order order = Order::decode(in);
    return std::make_shared<SplittersOperation>(std::move(order), in.get<std::int64_t>());
  }
  Object run(TaskInput& task) const override {
    std::vector<Table> samples;
    for (const Object& input : task.inputs) samples.push_back(input.get<Table>());
    SortOptions options;
    options.ascending = std::vector<bool>(order_.ascending.begin(), order_.ascending.end());
    options.na_position = order_.nulls_last ? "last" : "first";
    const Table all = Table::concat(samples).select(order_.by).sort_values(order_.by, options);
    std::vector<std::int64_t> rows;
    if (all.nrows() > 0)
      for (std::int64_t part = 1; part < parts_; ++part) rows.push_back(all.nrows() * part / parts_);
    return Object::of(all.take(rows));
  }

 private:
  Order order_;
  std::int64_t parts_;
};

// Rows in parts between the splitters, in their order; rows equal to a splitter belong to what follows it.
class RangeSplitOperation final : public OperationOf<RangeSplitOperation> {
 public:
  RangeSplitOperation(Order order, std::int64_t parts, Columns columns)
      : order_(std::move(order)), parts_(parts), columns_(std::move(columns)) {}
  void encode(Writer& out) const override {
    order_.encode(out);
    out.put(parts_);
    detail::encode_value(out, columns_);
  }
  static std::shared_ptr<const RangeSplitOperation> decode(Reader& in) {
    Order order = Order::decode(in);
    const auto parts = in.get<std::int64_t>();
    return std::make_shared<RangeSplitOperation>(std::move(order), parts, detail::decode_value<Columns>(in));
  }
  Object run(TaskInput& task) const override {
    const Table& rows = task.inputs.at(0).get<Table>();
    const Table& splitters = task.inputs.at(1).get<Table>();
    const auto keys = columns_of(rows, order_.by), cuts = columns_of(splitters, order_.by);
    const table::RowOrder order = order_.rows();
    return split_by(order.parts_of(keys, cuts), only(rows, columns_), parts_);
  }

 private:
  Order order_;
  std::int64_t parts_;
  Columns columns_;
};

class SampleNode final : public LayerNode {
 public:
  Columns by;
  std::vector<Demand> demand(const Columns&) const override { return {by}; }
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const Columns&) const override {
    return std::make_shared<PlanLayer>(
        name, npartitions, std::make_shared<SampleOperation>(by),
        [tasks = inputs[0]](std::int64_t i, std::vector<TaskRef>& out) { out.push_back(tasks[static_cast<std::size_t>(i)]); });
  }
};

class SplittersNode final : public LayerNode {
 public:
  Order order;
  std::int64_t parts = 1;
  std::vector<Demand> demand(const Columns&) const override { return {order.by}; }
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const Columns&) const override {
    return std::make_shared<PlanLayer>(
        name, 1, std::make_shared<SplittersOperation>(order, parts),
        [tasks = inputs[0]](std::int64_t, std::vector<TaskRef>& out) { out.insert(out.end(), tasks.begin(), tasks.end()); });
  }
};

class RangeSplitNode final : public LayerNode {
 public:
  Order order;
  std::int64_t parts = 1;
  std::vector<Demand> demand(const Columns& wanted) const override { return {with(wanted, order.by), order.by}; }
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const Columns& wanted) const override {
    return std::make_shared<PlanLayer>(name, npartitions, std::make_shared<RangeSplitOperation>(order, parts, wanted),
                                       [tasks = inputs[0], cuts = inputs[1][0]](std::int64_t i, std::vector<TaskRef>& out) {
                                         out.push_back(tasks[static_cast<std::size_t>(i)]);
                                         out.push_back(cuts);
                                       });
  }
};

// ---------------------------------------------------------------- joins
class JoinOperation final : public OperationOf<JoinOperation> {
 public:
  JoinOperation(table::Join how, std::vector<table::JoinColumn> columns) : how_(std::move(how)), columns_(std::move(columns)) {}
  void encode(Writer& out) const override {
    how_.encode(out);
    out.put<std::uint64_t>(columns_.size());
    for (const table::JoinColumn& column : columns_) column.encode(out);
  }
  static std::shared_ptr<const JoinOperation> decode(Reader& in) {
    table::Join how = table::Join::decode(in);
    std::vector<table::JoinColumn> columns(in.get<std::uint64_t>());
    for (table::JoinColumn& column : columns) column = table::JoinColumn::decode(in);
    return std::make_shared<JoinOperation>(std::move(how), std::move(columns));
  }
  Object run(TaskInput& task) const override {
    return Object::of(table::join(task.inputs.at(0).get<Table>(), task.inputs.at(1).get<Table>(), how_, columns_));
  }

 private:
  table::Join how_;
  std::vector<table::JoinColumn> columns_;
};

class JoinNode final : public LayerNode {
 public:
  table::Join how;
  std::vector<table::JoinColumn> result;

  std::vector<table::JoinColumn> needed(const Columns& wanted) const {
    std::vector<table::JoinColumn> out;
    for (const table::JoinColumn& column : result)
      if (std::find(wanted.begin(), wanted.end(), column.name) != wanted.end()) out.push_back(column);
    return out;
  }
  std::vector<Demand> demand(const Columns& wanted) const override {
    using From = table::JoinColumn::From;
    Columns left = how.left_on, right = how.right_on;
    for (const table::JoinColumn& column : needed(wanted)) {
      if (column.from == From::left || column.from == From::both) left = with(std::move(left), {column.source});
      if (column.from == From::right) right = with(std::move(right), {column.source});
      if (column.from == From::both) right = with(std::move(right), {column.right});
    }
    return {left, right};
  }
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const Columns& wanted) const override {
    const auto side = [](const std::vector<TaskRef>& tasks, std::int64_t i) {
      return tasks.size() == 1 ? tasks[0] : tasks[static_cast<std::size_t>(i)];
    };
    return std::make_shared<PlanLayer>(name, npartitions, std::make_shared<JoinOperation>(how, needed(wanted)),
                                       [left = inputs[0], right = inputs[1], side](std::int64_t i, std::vector<TaskRef>& out) {
                                         out.push_back(side(left, i));
                                         out.push_back(side(right, i));
                                       });
  }
};

// ---------------------------------------------------------------- borders
class BordersOperation final : public OperationOf<BordersOperation> {
 public:
  BordersOperation(Border kind, std::int64_t n, table::Cumulative op) : kind_(kind), n_(n), op_(op) {}
  void encode(Writer& out) const override {
    out.put(kind_);
    out.put(n_);
    out.put(op_);
  }
  static std::shared_ptr<const BordersOperation> decode(Reader& in) {
    const auto kind = in.get<Border>();
    const auto n = in.get<std::int64_t>();
    return std::make_shared<BordersOperation>(kind, n, in.get<table::Cumulative>());
  }
  Object run(TaskInput& task) const override {
    std::vector<Table> of_each, pieces;
    for (const Object& input : task.inputs) of_each.push_back(input.get<Table>());
    Table held = of_each[0].head(0);
    const std::size_t n = of_each.size();
    for (std::size_t k = 0; k < n; ++k) {
      pieces.push_back(held);
      const Table& next = of_each[kind_ == Border::after ? n - 1 - k : k];
      const Table both[] = {kind_ == Border::after ? next : held, kind_ == Border::after ? held : next};
      held = Table::concat(both);
      if (kind_ == Border::before) held = held.tail(n_);
      if (kind_ == Border::after) held = held.head(n_);
      if (kind_ == Border::total) {
        // A row that holds what all so far come to.
        const Value total = table::cumulative_total(op_, held.at(0));
        held = Table(held.columns(), {Column::from_values(held.at(0).type(), {&total, 1})});
      }
    }
    if (kind_ == Border::after) std::reverse(pieces.begin(), pieces.end());
    std::vector<std::int64_t> ends;
    for (const Table& piece : pieces) ends.push_back((ends.empty() ? 0 : ends.back()) + piece.nrows());
    return Object::of(Pieces(Table::concat(pieces), std::move(ends)));
  }

 private:
  Border kind_;
  std::int64_t n_;
  table::Cumulative op_;
};

class BordersNode final : public LayerNode {
 public:
  Border kind = Border::before;
  std::int64_t n = 1;
  table::Cumulative op = table::Cumulative::sum;
  std::vector<Demand> demand(const Columns&) const override { return {inputs[0]->columns()}; }
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const Columns&) const override {
    return std::make_shared<PlanLayer>(
        name, 1, std::make_shared<BordersOperation>(kind, n, op),
        [tasks = inputs[0]](std::int64_t, std::vector<TaskRef>& out) { out.insert(out.end(), tasks.begin(), tasks.end()); });
  }
};

// ---------------------------------------------------------------- making nodes
template <class Node>
void settle(Node& node, std::string name, std::int64_t npartitions, std::vector<PlanPtr> inputs, Table sample, Writer& content) {
  node.name = std::move(name);
  node.npartitions = npartitions;
  node.sample = std::move(sample);
  content.text(node.name);
  content.put(npartitions);
  for (const PlanPtr& input : inputs) content.put(input->token);
  node.inputs = std::move(inputs);
  node.token = node.rows = token_of(content);
}

PlanPtr pieces_of(const PlanPtr& split, std::int64_t parts, const std::string& name) {
  auto node = std::make_shared<PieceNode>();
  Writer content;
  settle(*node, name + "-piece", split->npartitions * parts, {split}, split->table(), content);
  return node;
}

PlanPtr sort_step(const PlanPtr& table, const Order& order) {
  Step step;
  step.kind = StepKind::sort;
  step.names = order.by;
  step.flags = order.ascending;
  step.n = order.nulls_last;
  return make_step("sort-values", std::move(step), {table});
}

}  // namespace

PlanPtr shuffled(const PlanPtr& table, const std::vector<std::string>& keys, const std::vector<ColumnType>& types,
                 std::int64_t npartitions) {
  if (npartitions < 1) throw ValueError("a shuffle wants at least one partition, found npartitions = " + std::to_string(npartitions));
  if (npartitions == 1) return repartition(table, 1);
  auto split = std::make_shared<HashSplitNode>();
  split->keys = keys;
  split->types = types;
  split->parts = npartitions;
  Writer content;
  detail::encode_value(content, keys);
  content.array(types);
  content.put(npartitions);
  settle(*split, "shuffle-split", table->npartitions, {table}, table->table(), content);
  return repartition(pieces_of(split, npartitions, "shuffle"), npartitions, "shuffle");
}

namespace {

PlanPtr splitters_of(const PlanPtr& local, const Order& order, std::int64_t parts) {
  const Table keys = local->table().select(order.by);
  auto sample = std::make_shared<SampleNode>();
  sample->by = order.by;
  Writer of_sample;
  settle(*sample, "sort-values-sample", parts, {local}, keys, of_sample);
  auto splitters = std::make_shared<SplittersNode>();
  splitters->order = order;
  splitters->parts = parts;
  Writer of_splitters;
  order.encode(of_splitters);
  settle(*splitters, "sort-values-splitters", 1, {sample}, keys, of_splitters);
  return splitters;
}

// Rows between two of the cuts come together and are sorted.
PlanPtr cut_at(const PlanPtr& local, const PlanPtr& cuts, const Order& order, std::int64_t parts) {
  auto split = std::make_shared<RangeSplitNode>();
  split->order = order;
  split->parts = parts;
  Writer of_split;
  order.encode(of_split);
  settle(*split, "sort-values-split", local->npartitions, {local, cuts}, local->table(), of_split);
  return sort_step(repartition(pieces_of(split, parts, "sort-values"), parts, "sort-values"), order);
}

}  // namespace

PlanPtr sorted(const PlanPtr& table, const std::vector<std::string>& by, const std::vector<bool>& ascending, bool nulls_last) {
  Order order{by, std::vector<std::uint8_t>(ascending.begin(), ascending.end()), nulls_last};
  if (order.ascending.size() == 1) order.ascending.assign(by.size(), order.ascending[0]);
  // Partitions that follow one another by this column already are not cut anew.
  const bool in_order = table->index && !table->index->at.empty() && by == Columns{table->index->column} && order.ascending[0];
  if (table->npartitions == 1 || in_order) return sort_step(table, order);
  return cut_at(table, splitters_of(table, order, table->npartitions), order, table->npartitions);
}

PlanPtr splitters(const PlanPtr& table, const std::string& by) {
  return splitters_of(table, Order{{by}, {1}, true}, table->npartitions);
}

PlanPtr divided(const PlanPtr& table, const std::string& by, const Column& cuts) {
  const Order order{{by}, {1}, true};
  if (cuts.size() == 0 && table->npartitions == 1) return sort_step(table, order);
  return cut_at(table, from_table(Table({by}, {cuts})).node(), order, cuts.size() + 1);
}

PlanPtr joined(const PlanPtr& left, const PlanPtr& right, const table::Join& how, JoinBy by, std::int64_t npartitions) {
  using table::JoinKind;
  auto node = std::make_shared<JoinNode>();
  node->how = how;
  node->result = table::join_columns(left->columns(), right->columns(), how);
  const Table sample = table::join(left->table(), right->table(), how);

  // Rows without a partner must not be told of twice: such a side is not sent to all.
  const bool left_whole = how.kind == JoinKind::inner || how.kind == JoinKind::right || how.kind == JoinKind::cross;
  const bool right_whole = how.kind != JoinKind::right && how.kind != JoinKind::outer;
  PlanPtr a = left, b = right;
  const bool single = a->npartitions == 1 && b->npartitions == 1;
  if (by == JoinBy::broadcast || how.kind == JoinKind::cross) {
    if (!right_whole && !left_whole)
      throw ValueError("an outer join cannot be broadcast: rows without a partner would be told of once per partition");
    if (right_whole)
      b = repartition(b, 1);
    else
      a = repartition(a, 1);
  } else if (by == JoinBy::hash || !(single || (right_whole && b->npartitions == 1) || (left_whole && a->npartitions == 1))) {
    std::vector<ColumnType> types;
    for (std::size_t k = 0; k < how.left_on.size(); ++k)
      types.push_back(
          table::join_key_type(how.left_on[k], a->table()[how.left_on[k]].type(), how.right_on[k], b->table()[how.right_on[k]].type()));
    const std::int64_t parts = npartitions > 0 ? npartitions : std::max(a->npartitions, b->npartitions);
    a = shuffled(a, how.left_on, types, parts);
    b = shuffled(b, how.right_on, types, parts);
  }
  Writer content;
  how.encode(content);
  settle(*node, "merge", std::max(a->npartitions, b->npartitions), {a, b}, sample, content);
  return node;
}

PlanPtr borders(const PlanPtr& of_each, Border kind, std::int64_t n, table::Cumulative op, const PlanPtr& data) {
  auto all = std::make_shared<BordersNode>();
  all->kind = kind;
  all->n = n;
  all->op = op;
  Writer content;
  content.put(kind);
  content.put(n);
  content.put(op);
  settle(*all, "borders", 1, {of_each}, of_each->table(), content);
  auto node = std::make_shared<PieceNode>();
  Writer of_pieces;
  settle(*node, "border", of_each->npartitions, {all}, of_each->table(), of_pieces);
  node->rows = data->rows;
  return node;
}

}  // namespace ashlar::dataframe

// Sorting over partitions: a sample says where to cut, rows between two cuts come together and are sorted.

#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/dataframe/exchange_detail.hpp"
#include "ashlar/dataframe/filter_pushdown.hpp"
#include "ashlar/dataframe/program.hpp"
#include "ashlar/table/row_order.hpp"

namespace ashlar::dataframe {

namespace {

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

// All rows between two cuts, in order: keys come together to be sorted, the other columns are taken from where they lie.
class SortedGatherOperation final : public OperationOf<SortedGatherOperation> {
 public:
  SortedGatherOperation(Order order, Columns columns) : order_(std::move(order)), columns_(std::move(columns)) {}
  void encode(Writer& out) const override {
    order_.encode(out);
    detail::encode_value(out, columns_);
  }
  static std::shared_ptr<const SortedGatherOperation> decode(Reader& in) {
    Order order = Order::decode(in);
    return std::make_shared<SortedGatherOperation>(std::move(order), detail::decode_value<Columns>(in));
  }
  Object run(TaskInput& task) const override {
    std::vector<Table> parts;
    std::vector<Column> keys;
    for (const std::string& key : order_.by) {
      std::vector<Column> of_each;
      for (const Object& input : task.inputs) of_each.push_back(input.get<Table>()[key]);
      keys.push_back(Column::concat(of_each));
    }
    for (const Object& input : task.inputs) parts.push_back(only(input.get<Table>(), columns_));
    const auto rows = table::rows_in_order(keys, std::vector<bool>(order_.ascending.begin(), order_.ascending.end()), order_.nulls_last);
    return Object::of(table::take(parts, rows));
  }

 private:
  Order order_;
  Columns columns_;
};

class SortedGatherNode final : public LayerNode {
 public:
  Order order;
  std::vector<Demand> demand(const Columns& wanted) const override { return {with(wanted, order.by)}; }
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const Columns& wanted) const override {
    const auto n = static_cast<std::int64_t>(inputs[0].size()) / npartitions;
    return std::make_shared<PlanLayer>(name, npartitions, std::make_shared<SortedGatherOperation>(order, wanted),
                                       [tasks = inputs[0], n](std::int64_t j, std::vector<TaskRef>& out) {
                                         for (std::int64_t i = j * n; i < (j + 1) * n; ++i) out.push_back(tasks[static_cast<std::size_t>(i)]);
                                       });
  }
  // The order is stable: rows that stay keep theirs.
  std::optional<Filtered> filtered(const std::vector<PlanPtr>& conjuncts, const std::function<bool(const PlanPtr&)>& sole) const override {
    if (!sole(inputs[0])) return std::nullopt;
    const auto below = dynamic_cast<const LayerNode&>(*inputs[0]).filtered(conjuncts, sole);
    if (!below) return std::nullopt;
    return Filtered{with_inputs(*this, {below->node}), below->rest};
  }
  bool may_take_filters() const override { return true; }
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
  // The cuts are those of all rows, so that each stays in its partition; where they were known beforehand, nothing but this reads the input.
  std::optional<Filtered> filtered(const std::vector<PlanPtr>& conjuncts, const std::function<bool(const PlanPtr&)>&) const override {
    return Filtered{with_inputs(*this, {rows_with(inputs[0], conjuncts), inputs[1]}), {}};
  }
  bool may_take_filters() const override { return true; }
};

PlanPtr sort_step(const PlanPtr& table, const Order& order) {
  Step step;
  step.kind = StepKind::sort;
  step.names = order.by;
  step.flags = order.ascending;
  step.n = order.nulls_last;
  return make_step("sort-values", std::move(step), {table});
}

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
  auto gather = std::make_shared<SortedGatherNode>();
  gather->order = order;
  Writer of_gather;
  order.encode(of_gather);
  settle(*gather, "sort-values", parts, {pieces_of(split, parts, "sort-values")}, local->table(), of_gather);
  return gather;
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

}  // namespace ashlar::dataframe

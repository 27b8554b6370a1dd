// Joins of frames: which rows change their partition, and the tasks that join what came together.

#include "ashlar/dataframe/exchange_detail.hpp"
#include "ashlar/dataframe/filter_pushdown.hpp"
#include "ashlar/dataframe/program.hpp"

namespace ashlar::dataframe {

namespace {

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

  // Rows come in the order of one side, and each in its partition: leaving rows out of a side leaves out what they would have become.
  std::optional<Filtered> filtered(const std::vector<PlanPtr>& conjuncts, const std::function<bool(const PlanPtr&)>&) const override {
    std::vector<PlanPtr> left, right, rest;
    for (const PlanPtr& conjunct : conjuncts) {
      const auto [to_left, to_right] = sides_of(columns_read(conjunct));
      if (to_left) left.push_back(on_side(conjunct, true));
      if (to_right) right.push_back(on_side(conjunct, false));
      if (!to_left && !to_right) rest.push_back(conjunct);
    }
    if (left.empty() && right.empty()) return std::nullopt;
    return Filtered{with_inputs(*this, {left.empty() ? inputs[0] : rows_with(inputs[0], left), right.empty() ? inputs[1] : rows_with(inputs[1], right)}), rest};
  }
  bool may_take_filters() const override { return true; }

 private:
  using From = table::JoinColumn::From;

  const table::JoinColumn& result_column(const std::string& name) const {
    return *std::find_if(result.begin(), result.end(), [&](const table::JoinColumn& c) { return c.name == name; });
  }
  // A key that both sides call so, whose values are equal on both: zeros of floats may differ in their sign.
  bool common_key(const table::JoinColumn& column) const { return !column.right.empty() && !is_floating(table()[column.name].type()); }

  // Which sides leave out rows when columns of these names decide. One is enough to do without the filter behind the join.
  std::pair<bool, bool> sides_of(const Columns& names) const {
    using table::JoinKind;
    bool left = true, right = true, keys = true;
    for (const std::string& name : names) {
      const table::JoinColumn& column = result_column(name);
      keys &= common_key(column);
      left &= column.from == From::left;
      right &= column.from == From::right;
    }
    switch (how.kind) {
      case JoinKind::inner: return {left, right || keys};
      case JoinKind::cross: return {left, right};
      case JoinKind::left:
      case JoinKind::semi:
      case JoinKind::anti: return {left, left && keys};
      case JoinKind::right: return {right && keys, right};
      case JoinKind::outer: return {keys, keys};
    }
    return {false, false};
  }
  PlanPtr on_side(const PlanPtr& conjunct, bool left) const {
    return with_columns(conjunct, [&](const std::string& name) {
      const table::JoinColumn& of_result = result_column(name);
      const PlanPtr found = column(inputs[left ? 0 : 1], left || of_result.right.empty() ? of_result.source : of_result.right);
      const ColumnType type = table()[name].type();
      if (std::get<Column>(found->sample).type() == type) return found;
      Step cast;
      cast.kind = StepKind::cast;
      cast.type = type;
      return make_step("astype", std::move(cast), {found});
    });
  }
};

}  // namespace

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
  // Keys of one name stay where the rows are; so do those of a side that did not move.
  if (a->hashed && node->result.size()) {
    bool stay = true;
    for (std::size_t k = 0; k < a->hashed->keys.size(); ++k) {
      const std::string& key = a->hashed->keys[k];
      const auto at = std::find_if(node->result.begin(), node->result.end(), [&](const table::JoinColumn& c) { return c.name == key; });
      using From = table::JoinColumn::From;
      stay &= at != node->result.end() && sample[key].type() == a->hashed->types[k] &&
              ((at->from == From::left && how.kind != JoinKind::right && how.kind != JoinKind::outer) || (b->hashed && *b->hashed == *a->hashed && at->from != From::indicator));
    }
    if (stay) node->hashed = a->hashed;
  }
  Writer content;
  how.encode(content);
  settle(*node, "merge", std::max(a->npartitions, b->npartitions), {a, b}, sample, content);
  return node;
}

}  // namespace ashlar::dataframe

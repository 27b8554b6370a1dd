// What partitions need of the rows around them.

#include <algorithm>

#include "ashlar/dataframe/exchange_detail.hpp"
#include "ashlar/dataframe/program.hpp"

namespace ashlar::dataframe {

namespace {

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
    return Object::of(Pieces(std::move(pieces)));
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

}  // namespace

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
  return piece_for_each(all, of_each->npartitions, "border", data);
}

}  // namespace ashlar::dataframe

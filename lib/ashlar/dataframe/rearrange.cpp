// The nodes that work across partitions: repartition, concatenation, merging of partial results.

#include <algorithm>

#include "ashlar/dataframe/filter_pushdown.hpp"
#include "ashlar/dataframe/plan.hpp"
#include "ashlar/dataframe/program.hpp"

namespace ashlar::dataframe {
namespace {

// Inputs below one another, and of that piece p of k.
class GatherOperation final : public OperationOf<GatherOperation> {
 public:
  explicit GatherOperation(std::vector<std::string> columns) : columns_(std::move(columns)) {}
  void encode(Writer& out) const override { detail::encode_value(out, columns_); }
  static std::shared_ptr<const GatherOperation> decode(Reader& in) {
    return std::make_shared<GatherOperation>(detail::decode_value<std::vector<std::string>>(in));
  }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    const auto piece = in.get<std::int64_t>(), pieces = in.get<std::int64_t>();
    std::vector<Table> parts;
    for (const Object& input : task.inputs) {
      const Table& part = input.get<Table>();
      parts.push_back(columns_.empty() || part.columns() == columns_ ? part : part.select(columns_));
    }
    const Table all = parts.size() == 1 ? parts[0] : Table::concat(parts);
    if (pieces == 1) return Object::of(all);
    return Object::of(all.slice(all.nrows() * piece / pieces, all.nrows() * (piece + 1) / pieces));
  }

 private:
  std::vector<std::string> columns_;
};

class RepartitionNode final : public LayerNode {
 public:
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const std::vector<std::string>& wanted) const override {
    const std::int64_t n = static_cast<std::int64_t>(inputs[0].size()), m = npartitions;
    // Output j of m: inputs [j n / m, (j + 1) n / m) when there are fewer outputs, else a piece of input j n / m.
    return std::make_shared<PlanLayer>(
        name, m, std::make_shared<GatherOperation>(wanted),
        [tasks = inputs[0], n, m](std::int64_t j, std::vector<TaskRef>& out) {
          const std::int64_t first = m <= n ? j * n / m : input_of(j, n, m), last = m <= n ? (j + 1) * n / m : first + 1;
          for (std::int64_t i = first; i < last; ++i) out.push_back(tasks[static_cast<std::size_t>(i)]);
        },
        [n, m](std::int64_t j, Writer& out) {
          std::int64_t piece = 0, pieces = 1;
          if (m > n) {
            const std::int64_t i = input_of(j, n, m), begin = i * m / n;
            piece = j - begin;
            pieces = (i + 1) * m / n - begin;
          }
          out.put(piece);
          out.put(pieces);
        });
  }
  // Neighbours that are joined whole. Where partitions are cut, the number of rows says where.
  std::optional<Filtered> filtered(const std::vector<PlanPtr>& conjuncts, const std::function<bool(const PlanPtr&)>& sole) const override {
    if (!may_take_filters()) return std::nullopt;
    const auto* below = dynamic_cast<const LayerNode*>(inputs[0].get());
    if (!below || !below->hands_out_pieces()) return Filtered{with_inputs(*this, {rows_with(inputs[0], conjuncts)}), {}};
    if (!sole(inputs[0])) return std::nullopt;
    auto filtered = below->filtered(conjuncts, sole);
    if (!filtered) return std::nullopt;
    return Filtered{with_inputs(*this, {filtered->node}), filtered->rest};
  }
  bool may_take_filters() const override { return npartitions < inputs[0]->npartitions; }
  bool joins_neighbours() const override { return npartitions < inputs[0]->npartitions; }
  // What a receiver gets stands in the order of (source partition, row), whoever cuts it.
  PlanPtr over_fewer(const std::function<PlanPtr(const PlanPtr&)>& fewer, const std::function<bool(const PlanPtr&)>& sole) const override {
    const auto* below = dynamic_cast<const LayerNode*>(inputs[0].get());
    if (!below || !below->hands_out_pieces() || !sole(inputs[0])) return nullptr;
    const PlanPtr pieces = below->over_fewer(fewer, sole);
    return pieces ? with_inputs(*this, {pieces}) : nullptr;
  }

 private:
  // The input that owns output j: outputs [i m / n, (i + 1) m / n) belong to input i.
  static std::int64_t input_of(std::int64_t j, std::int64_t n, std::int64_t m) {
    std::int64_t i = j * n / m;
    while ((i + 1) * m / n <= j) ++i;
    return i;
  }
};

class ConcatNode final : public LayerNode {
 public:
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const std::vector<std::string>& wanted) const override {
    std::vector<TaskRef> tasks;
    for (const auto& of_one : inputs) tasks.insert(tasks.end(), of_one.begin(), of_one.end());
    return std::make_shared<PlanLayer>(
        name, npartitions, std::make_shared<GatherOperation>(wanted),
        [tasks = std::move(tasks)](std::int64_t index, std::vector<TaskRef>& out) { out.push_back(tasks[static_cast<std::size_t>(index)]); },
        [](std::int64_t, Writer& out) {
          out.put<std::int64_t>(0);
          out.put<std::int64_t>(1);
        });
  }
  std::optional<Filtered> filtered(const std::vector<PlanPtr>& conjuncts, const std::function<bool(const PlanPtr&)>&) const override {
    std::vector<PlanPtr> parts;
    for (const PlanPtr& input : inputs) parts.push_back(rows_with(input, conjuncts));
    return Filtered{with_inputs(*this, std::move(parts)), {}};
  }
  bool may_take_filters() const override { return true; }
};

// Some partitions of a table, as they are.
class PartitionsNode final : public LayerNode {
 public:
  std::int64_t first = 0;
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const std::vector<std::string>& wanted) const override {
    return std::make_shared<PlanLayer>(
        name, npartitions, std::make_shared<GatherOperation>(wanted),
        [tasks = inputs[0], begin = first](std::int64_t index, std::vector<TaskRef>& out) { out.push_back(tasks[static_cast<std::size_t>(begin + index)]); },
        [](std::int64_t, Writer& out) {
          out.put<std::int64_t>(0);
          out.put<std::int64_t>(1);
        });
  }
  std::optional<Filtered> filtered(const std::vector<PlanPtr>& conjuncts, const std::function<bool(const PlanPtr&)>&) const override {
    return Filtered{with_inputs(*this, {rows_with(inputs[0], conjuncts)}), {}};
  }
  bool may_take_filters() const override { return true; }
};

class MergeOperation final : public OperationOf<MergeOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const MergeOperation> decode(Reader&) { return std::make_shared<MergeOperation>(); }
  Object run(TaskInput& task) const override {
    if (task.inputs.at(0).holds<table::Reduction>()) {
      table::Reduction all = task.inputs[0].get<table::Reduction>();
      for (std::size_t i = 1; i < task.inputs.size(); ++i) all.merge(task.inputs[i].get<table::Reduction>());
      return Object::of(std::move(all));
    }
    std::vector<table::GroupPartial> parts;
    for (const Object& input : task.inputs) parts.push_back(input.get<table::GroupPartial>());
    return Object::of(table::GroupPartial::merge(parts));
  }
};

constexpr std::int64_t split_every = 8;

class MergeNode final : public LayerNode {
 public:
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const std::vector<std::string>&) const override {
    return std::make_shared<PlanLayer>(name, npartitions, std::make_shared<MergeOperation>(),
                                       [tasks = inputs[0]](std::int64_t j, std::vector<TaskRef>& out) {
                                         const auto end = std::min(static_cast<std::int64_t>(tasks.size()), (j + 1) * split_every);
                                         for (std::int64_t i = j * split_every; i < end; ++i)
                                           out.push_back(tasks[static_cast<std::size_t>(i)]);
                                       });
  }
  bool joins_neighbours() const override { return true; }
};

template <class Node>
std::shared_ptr<Node> node_like(const PlanPtr& input, std::string name, std::int64_t npartitions, Writer& content) {
  auto node = std::make_shared<Node>();
  node->name = std::move(name);
  node->npartitions = npartitions;
  node->inputs = {input};
  node->sample = input->sample;
  content.text(node->name);
  content.put(npartitions);
  content.put(input->token);
  node->token = token_of(content);
  node->rows = node->token;
  return node;
}

}  // namespace

PlanPtr repartition(const PlanPtr& table, std::int64_t npartitions, const std::string& name, std::shared_ptr<const HashedBy> hashed) {
  if (npartitions < 1) throw ValueError("repartition wants at least one partition, found npartitions = " + std::to_string(npartitions));
  if (npartitions == table->npartitions) return table;
  Writer content;
  auto node = node_like<RepartitionNode>(table, name, npartitions, content);
  node->hashed = std::move(hashed);
  return node;
}

PlanPtr partitions_of(const PlanPtr& table, std::int64_t first, std::int64_t last) {
  if (first < 0 || last > table->npartitions || first >= last)
    throw IndexError("no such partitions: [" + std::to_string(first) + ", " + std::to_string(last) + ") of " + std::to_string(table->npartitions));
  if (last - first == table->npartitions) return table;
  Writer content;
  content.put(first);
  auto node = node_like<PartitionsNode>(table, "partitions", last - first, content);
  node->first = first;
  if (table->index) {
    Index index{table->index->column, nullptr, {}};
    if (!table->index->at.empty()) index.at.assign(table->index->at.begin() + first, table->index->at.begin() + last + 1);
    node->index = std::make_shared<Index>(std::move(index));
  }
  return node;
}

PlanPtr concatenated(const std::vector<PlanPtr>& tables) {
  if (tables.empty()) throw ValueError("concat wants at least one frame, found none");
  const Table& first = tables[0]->table();
  for (const PlanPtr& each : tables) {
    std::vector<std::string> wanted = first.columns(), found = each->columns();
    std::sort(wanted.begin(), wanted.end());
    std::sort(found.begin(), found.end());
    if (wanted != found) {
      std::vector<std::string> differing;
      std::set_symmetric_difference(wanted.begin(), wanted.end(), found.begin(), found.end(), std::back_inserter(differing));
      throw ValueError("concat wants frames of the same columns: \"" + differing[0] + "\" is in one and not in another");
    }
  }
  if (tables.size() == 1) return tables[0];
  // Every column takes the type that holds all of its parts.
  std::vector<PlanPtr> cast = tables;
  for (const std::string& name : first.columns()) {
    ColumnType type = first[name].type();
    for (const PlanPtr& each : tables)
      if (const ColumnType other = each->table()[name].type(); other != type) type = promote(type, other);
    for (PlanPtr& each : cast)
      if (each->table()[name].type() != type) {
        Step step;
        step.kind = StepKind::cast;
        step.type = type;
        const PlanPtr as_type = make_step("astype", std::move(step), {column(each, name)});
        Step assign;
        assign.kind = StepKind::assign;
        assign.names = {name};
        each = make_step("assign", std::move(assign), {each, as_type});
      }
  }
  Writer content;
  std::int64_t npartitions = 0;
  for (const PlanPtr& each : cast) {
    npartitions += each->npartitions;
    content.put(each->token);
  }
  auto node = node_like<ConcatNode>(cast[0], "concat", npartitions, content);
  node->inputs = cast;
  return node;
}

PlanPtr merged(PlanPtr partials) {
  while (partials->npartitions > 1) {
    Writer content;
    partials = node_like<MergeNode>(partials, partials->name.ends_with("-agg") ? partials->name : partials->name + "-agg",
                                    (partials->npartitions + split_every - 1) / split_every, content);
  }
  return partials;
}

}  // namespace ashlar::dataframe

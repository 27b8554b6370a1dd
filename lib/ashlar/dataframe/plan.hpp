#pragma once
// The expression behind a DataFrame, Series or Scalar<Value>: an immutable graph of nodes that are shared by all who use them.
//
// Two kinds of nodes. A *step* works partition by partition; chains of steps fuse into one program per partition. All others (sources,
// repartition, the merging of partial results) have a layer of their own.
// Invariants: 1. names and types are settled when a node is made. 2. `token` is equal only for nodes that give the same. 3. columns and tables
// may be put together only when `rows` is equal: the same rows in the same partitions.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/dataframe/step.hpp"
#include "ashlar/graph/collection.hpp"

namespace ashlar::dataframe {

struct Token {
  std::uint64_t high = 0, low = 0;
  friend auto operator<=>(const Token&, const Token&) = default;
};
Token token_of(const Writer& content);
/// Unlike every other of this process: sources.
Token new_token();

class PlanNode;
using PlanPtr = std::shared_ptr<const PlanNode>;

/// The column by whose values rows were brought into partitions: partition i holds those from at[i] up to, not with, at[i + 1]; the last one
/// those that equal at[i + 1] too. No value is missing. (Where a sorted frame was taken as it came, equal values may also end partition i.)
struct Index {
  std::string column;
  PlanPtr values;         ///< that column
  std::vector<Value> at;  ///< one more than there are partitions; empty: not known
};

/// Rows with equal values of these columns share a partition, chosen by a hash of the values as `types`: who wants just that moves nothing.
struct HashedBy {
  std::vector<std::string> keys;
  std::vector<ColumnType> types;
  friend bool operator==(const HashedBy&, const HashedBy&) = default;
};

class PlanNode {
 public:
  virtual ~PlanNode() = default;

  std::string name;  ///< Dask's word for what it does: "read-csv", "getitem"
  Token token, rows;
  std::int64_t npartitions = 1;
  std::vector<PlanPtr> inputs;
  Register sample;           ///< an empty result of its kind: the schema; a value of the right type for Scalars
  ColumnType value_type = ColumnType::float64;  ///< of a Value, which does not know its width
  std::string series_name;   ///< of a column, as pandas names a Series
  std::shared_ptr<const Index> index;  ///< null: there is none
  std::shared_ptr<const HashedBy> hashed;  ///< null: nothing is known

  Produces produces() const { return produced(sample); }
  const Table& table() const { return std::get<Table>(sample); }
  const std::vector<std::string>& columns() const { return table().columns(); }

  /// For each input the columns of it that are needed when `wanted` ones of this are; none: not needed at all.
  using Demand = std::optional<std::vector<std::string>>;
  virtual std::vector<Demand> demand(const std::vector<std::string>& wanted) const = 0;
};

class StepNode final : public PlanNode {
 public:
  Step step;
  std::vector<Demand> demand(const std::vector<std::string>& wanted) const override;
  /// The step as it stands in a program that needs only the `wanted` columns of it.
  Step narrowed(const std::vector<std::string>& wanted) const;
};

/// A node that is no step: one layer.
class LayerNode : public PlanNode {
 public:
  /// `inputs`: the tasks of each input, which hold exactly the columns that were demanded (results kept on workers: at least).
  virtual std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const std::vector<std::string>& wanted) const = 0;
  std::vector<Demand> demand(const std::vector<std::string>& wanted) const override { return std::vector<Demand>(inputs.size(), Demand(wanted)); }

  // ---- filters (filter_pushdown.hpp)
  struct Filtered {
    PlanPtr node;               ///< the same partitions, of which rows are left out here or below
    std::vector<PlanPtr> rest;  ///< conjuncts that it did not take: their filter stays above it
  };
  /// Only rows for which all `conjuncts`, on columns of this table, are true are wanted. Nothing when that changes nothing. What it takes must leave
  /// the rows that stay in their partitions and order, and nothing of it may fail for rows that are left out. `sole`: just one node needs that one.
  virtual std::optional<Filtered> filtered(const std::vector<PlanPtr>& conjuncts, const std::function<bool(const PlanPtr&)>& sole) const {
    (void)conjuncts, (void)sole;
    return std::nullopt;
  }
  /// Whether `filtered` may give something.
  virtual bool may_take_filters() const { return false; }

  // ---- small partitions (joined_tasks.hpp)
  /// Of a node without inputs, for each partition: bytes that its task goes through for these columns. Empty: not known, tasks stay apart.
  virtual std::vector<std::int64_t> work_bytes(const std::vector<std::string>& wanted) const {
    (void)wanted;
    return {};
  }
  /// Each task puts results of neighbours together, and each of these goes to one task.
  virtual bool joins_neighbours() const { return false; }

  /// The same over an input of fewer partitions, those that `fewer(input)` joins (null: it stays); null when its results would differ.
  virtual PlanPtr over_fewer(const std::function<PlanPtr(const PlanPtr&)>& fewer, const std::function<bool(const PlanPtr&)>& sole) const {
    (void)fewer, (void)sole;
    return nullptr;
  }

  /// Its partitions are pieces for one receiver each: a filter goes past it together with who puts them together, or not at all.
  virtual bool hands_out_pieces() const { return false; }
};

/// Results that are on the workers already.
class PersistedNode final : public PlanNode {
 public:
  std::vector<ResultHandle> results;
  std::vector<Demand> demand(const std::vector<std::string>&) const override { return {}; }
};

/// Errors    TypeError, KeyError, ValueError: all that the schemas of the inputs can tell.
PlanPtr make_step(std::string name, Step step, std::vector<PlanPtr> inputs);
/// A step that calls a user's function; `meta` is what it gives, since it is not called again to find out. `same_rows`: row i of the result belongs
/// to row i of the table, so that both may be put together.
PlanPtr make_map(Step step, const Table& meta, const PlanPtr& table, bool same_rows = false);
PlanPtr literal(const Value& value);
/// The same node over results that were kept.
PlanPtr persisted(const PlanPtr& node, std::vector<ResultHandle> results);

/// n partitions, rows in their order. Fewer: neighbours are joined; more: each is cut into equal pieces.
/// `hashed`: how the pieces that come together were chosen.
PlanPtr repartition(const PlanPtr& table, std::int64_t npartitions, const std::string& name = "repartition", std::shared_ptr<const HashedBy> hashed = nullptr);
/// The partitions of all of them, one after the other. Their columns must agree.
PlanPtr concatenated(const std::vector<PlanPtr>& tables);
/// Partitions [first, last) of it.
PlanPtr partitions_of(const PlanPtr& table, std::int64_t first, std::int64_t last);
/// Reductions or groups of all partitions merged into one, by a tree that follows from the number of partitions only.
PlanPtr merged(PlanPtr partials);

/// One column of a table. KeyError that lists the nearest names.
PlanPtr column(const PlanPtr& table, const std::string& name);
[[noreturn]] void unknown_column(const std::string& name, const std::vector<std::string>& columns);

/// The same table with this index.
PlanPtr with_index(const PlanPtr& table, const std::string& column, std::vector<Value> at);
PlanPtr without_index(const PlanPtr& table);

/// A layer whose tasks are described by functions.
class PlanLayer final : public Layer {
 public:
  using Inputs = std::function<void(std::int64_t index, std::vector<TaskRef>& out)>;
  using Payload = std::function<void(std::int64_t index, Writer& out)>;
  PlanLayer(std::string name, std::int64_t size, std::shared_ptr<const Operation> operation, Inputs inputs, Payload payload = {})
      : Layer(std::move(name)), size_(size), operation_(std::move(operation)), inputs_(std::move(inputs)), payload_(std::move(payload)) {}
  std::function<std::string()> note = {};  ///< what `explain` says of it besides its name
  std::int64_t size() const override { return size_; }
  std::shared_ptr<const Operation> operation() const override { return operation_; }
  void dependencies(std::int64_t index, std::vector<TaskRef>& out) const override {
    if (inputs_) inputs_(index, out);
  }
  void encode_task(std::int64_t index, Writer& out) const override {
    if (payload_) payload_(index, out);
  }

 private:
  std::int64_t size_;
  std::shared_ptr<const Operation> operation_;
  Inputs inputs_;
  Payload payload_;
};

/// The tasks of a node in the graph being built, one per partition; settled when the graph is taken. The caller holds the lowering lock.
std::vector<TaskRef> lower(const PlanPtr& node, GraphBuilder& builder);
/// Layers of the graph as it was written, before anything is fused.
std::int64_t graph_layers(const PlanPtr& node);

}  // namespace ashlar::dataframe

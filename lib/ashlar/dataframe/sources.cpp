// Frames of what is here: a table, or a function and its arguments.

#include <algorithm>

#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {
namespace dataframe {
namespace {

// The slice came with the task.
class SentTableOperation final : public OperationOf<SentTableOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const SentTableOperation> decode(Reader&) { return std::make_shared<SentTableOperation>(); }
  Object run(TaskInput& task) const override {
    Reader in(task.payload, task.buffers);
    return Object::of(Table::decode(in));
  }
};

class TableNode final : public LayerNode {
 public:
  Table whole;
  std::vector<std::int64_t> borders;  // npartitions + 1 rows

  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>&, const std::vector<std::string>& wanted) const override {
    return std::make_shared<PlanLayer>(name, npartitions, std::make_shared<SentTableOperation>(), PlanLayer::Inputs(),
                                       [part = wanted.empty() ? whole : whole.select(wanted), at = borders](std::int64_t index, Writer& out) {
                                         const auto i = static_cast<std::size_t>(index);
                                         part.slice(at[i], at[i + 1]).encode(out);
                                       });
  }
};

class FromMapOperation final : public OperationOf<FromMapOperation> {
 public:
  FromMapOperation(TableFunction function, Table meta, std::vector<std::string> wanted)
      : function_(std::move(function)), meta_(std::move(meta)), wanted_(std::move(wanted)) {}
  void encode(Writer& out) const override {
    put_descriptor(out, *function_.record);
    out.array(function_.closure);
    detail::encode_value(out, meta_.columns());
    out.array(meta_.dtypes());
    detail::encode_value(out, wanted_);
  }
  static std::shared_ptr<const FromMapOperation> decode(Reader& in) {
    TableFunction function;
    function.record = static_cast<const TableFunctionDescriptor*>(&get_descriptor(in));
    function.closure = in.array<std::byte>();
    const auto names = detail::decode_value<std::vector<std::string>>(in);
    const auto types = in.array<ColumnType>();
    return std::make_shared<FromMapOperation>(std::move(function), Table::empty(names, types), detail::decode_value<std::vector<std::string>>(in));
  }
  Object run(TaskInput& task) const override {
    const Table made = function_(task.payload);
    require_schema(made, meta_.columns(), meta_.dtypes(), "the function given to from_map");
    return Object::of(wanted_.empty() ? made : made.select(wanted_));
  }

 private:
  TableFunction function_;
  Table meta_;
  std::vector<std::string> wanted_;
};

class FromMapNode final : public LayerNode {
 public:
  TableFunction function;
  std::vector<Bytes> items;

  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>&, const std::vector<std::string>& wanted) const override {
    return std::make_shared<PlanLayer>(name, npartitions, std::make_shared<FromMapOperation>(function, table(), wanted), PlanLayer::Inputs(),
                                       [all = items](std::int64_t index, Writer& out) {
                                         const Bytes& item = all[static_cast<std::size_t>(index)];
                                         out.raw(item.data(), item.size());
                                       });
  }
};

}  // namespace

DataFrame from_items(TableFunction function, std::vector<Bytes> items, const Meta& meta) {
  if (items.empty() && !meta.given)
    throw ValueError("from_map wants at least one element, or {.meta = a table with the columns it makes}; found none");
  auto node = std::make_shared<FromMapNode>();
  node->name = "from-map";
  node->token = node->rows = new_token();
  node->sample = meta.given ? meta.table : function(std::span<const std::byte>(items[0])).head(0);
  if (items.empty()) return from_table(node->table());
  node->npartitions = static_cast<std::int64_t>(items.size());
  node->function = std::move(function);
  node->items = std::move(items);
  return DataFrame(node);
}

}  // namespace dataframe

DataFrame from_table(const Table& table, const FromTableOptions& options) {
  if (options.npartitions < 1)
    throw ValueError("from_table wants at least one partition, found npartitions = " + std::to_string(options.npartitions));
  if (options.chunksize < 0) throw ValueError("from_table wants a positive chunksize, found " + std::to_string(options.chunksize));
  auto node = std::make_shared<dataframe::TableNode>();
  node->name = "from-table";
  node->token = node->rows = dataframe::new_token();
  node->whole = table;
  node->sample = table.head(0);
  const std::int64_t n =
      options.chunksize ? std::max<std::int64_t>(1, (table.nrows() + options.chunksize - 1) / options.chunksize) : options.npartitions;
  for (std::int64_t i = 0; i <= n; ++i)
    node->borders.push_back(options.chunksize ? std::min(i * options.chunksize, table.nrows()) : table.nrows() * i / n);
  node->npartitions = n;
  return DataFrame(node);
}

}  // namespace ashlar

#include "ashlar/io/frame_from_hdf5.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>

#include "ashlar/hdf5/reader.hpp"
#include "ashlar/hdf5/tree.hpp"
#include "ashlar/io/frame_hdf5_detail.hpp"
#include "ashlar/io/hdf5_columns_detail.hpp"
#include "ashlar/io/pickle_detail.hpp"

namespace ashlar {
namespace io {

const hdf5::AttributeValue* attribute(const hdf5::Attributes& all, const std::string& name) {
  for (const hdf5::Attribute& one : all)
    if (one.name == name) return &one.value;
  return nullptr;
}

std::string text_attribute(const hdf5::Attributes& all, const std::string& name) {
  const auto* value = attribute(all, name);
  const auto* text = value ? std::get_if<std::string>(value) : nullptr;
  return text ? *text : std::string();
}

ColumnType type_of_field(const hdf5::Field& field, const std::string& name, const std::string& where) {
  using Kind = hdf5::Field::Kind;
  const auto by_size = [&](ColumnType one, ColumnType two, ColumnType four, ColumnType eight) {
    return field.itemsize == 1 ? one : field.itemsize == 2 ? two : field.itemsize == 4 ? four : eight;
  };
  switch (field.kind) {
    case Kind::integer: return by_size(ColumnType::int8, ColumnType::int16, ColumnType::int32, ColumnType::int64);
    case Kind::unsigned_integer: return by_size(ColumnType::uint8, ColumnType::uint16, ColumnType::uint32, ColumnType::uint64);
    case Kind::real: return field.itemsize == 4 ? ColumnType::float32 : ColumnType::float64;
    case Kind::boolean: return ColumnType::boolean;
    case Kind::text: return ColumnType::string;
    default: throw TypeError("no column of a frame can hold \"" + name + "\" of " + where + ": it is of " + field.type);
  }
}

namespace {

// What was read for one column and serves its neighbours.
struct Read {
  std::map<std::string, Buffer> fields;
  std::map<std::string, PickledArray> pickled;
};

Column texts_from(const std::vector<std::optional<std::string_view>>& texts) {
  std::vector<std::optional<std::string>> all;
  all.reserve(texts.size());
  for (const auto& text : texts) all.push_back(text ? std::optional(std::string(*text)) : std::nullopt);
  return Column(all);
}

Buffer bits_where(std::int64_t n, const std::function<bool(std::int64_t)>& valid, bool& all) {
  Buffer bits = Buffer::zeros(static_cast<std::size_t>((n + 7) / 8 + 8));
  all = true;
  for (std::int64_t i = 0; i < n; ++i) {
    if (valid(i)) bits.data()[i / 8] |= std::byte{1} << static_cast<int>(i % 8);
    else all = false;
  }
  return bits;
}

Column read_column(const std::string& file, const Hdf5Column& column, index_t start, index_t count, Read& read);

Column column_of_field(const std::string& file, const Hdf5Column& column, index_t start, index_t count, Read& read) {
  const hdf5::Fields about = hdf5::describe_fields(file, column.dataset);
  const auto field = std::find_if(about.fields.begin(), about.fields.end(), [&](const hdf5::Field& f) { return f.name == column.field; });
  const bool text = column.type == ColumnType::string || column.type == ColumnType::category;
  if (field == about.fields.end() || column.inner >= field->width || (field->kind == hdf5::Field::Kind::text) != text || (!text && itemsize(column.type) != field->itemsize))
    throw IoError(file + " changed: " + column.dataset + " is another than read_hdf found");
  Buffer& bytes = read.fields[column.dataset + '\n' + column.field];
  if (!bytes) bytes = hdf5::read_field(file, column.dataset, column.field, start, count);
  const auto size = static_cast<std::int64_t>(field->itemsize), row_bytes = size * field->width;
  const auto* from = reinterpret_cast<const char*>(bytes.data()) + column.inner * size;
  if (field->kind == hdf5::Field::Kind::text) {
    std::vector<std::optional<std::string_view>> texts;
    for (index_t i = 0; i < count; ++i) {
      std::string_view text(from + i * row_bytes, static_cast<std::size_t>(size));
      while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
      texts.push_back(column.has_missing && text == column.missing ? std::nullopt : std::optional(text));
    }
    return texts_from(texts);
  }
  Buffer values = Buffer::allocate(std::max<std::size_t>(static_cast<std::size_t>(count * size), 1));
  for (index_t i = 0; i < count; ++i) std::memcpy(values.data() + i * size, from + i * row_bytes, static_cast<std::size_t>(size));
  if (column.type == ColumnType::boolean)
    for (index_t i = 0; i < count; ++i) values.data()[i] &= std::byte{1};
  if (!column.nanoseconds) return Column::from_buffers(column.type, count, std::move(values));
  auto* times = reinterpret_cast<std::int64_t*>(values.data());
  bool all;
  Buffer bits = bits_where(count, [&](std::int64_t i) { return times[i] != std::numeric_limits<std::int64_t>::min(); }, all);
  for (index_t i = 0; i < count; ++i) {
    if (times[i] == std::numeric_limits<std::int64_t>::min()) times[i] = 0;
    else if (__builtin_mul_overflow(times[i], column.nanoseconds, &times[i]))
      throw ValueError("a time in the column \"" + column.name + "\" of " + file + " lies outside of what nanoseconds can say (row " + std::to_string(start + i) + ")");
  }
  return Column::from_buffers(column.type, count, std::move(values), all ? Buffer() : std::move(bits));
}

Column column_of_ends(const std::string& file, const Hdf5Column& column, index_t start, index_t count) {
  const index_t before = start > 0 ? 1 : 0;
  const Buffer ends = hdf5::read_field(file, column.dataset, "", start - before, count + before);
  const auto* from = reinterpret_cast<const std::int64_t*>(ends.data());
  const std::int64_t first = before ? from[0] : 0, last = count ? from[before + count - 1] : first;
  Buffer offsets = Buffer::allocate(static_cast<std::size_t>(count + 1) * 8);
  auto* to = reinterpret_cast<std::int64_t*>(offsets.data());
  to[0] = 0;
  for (index_t i = 0; i < count; ++i) {
    to[i + 1] = from[before + i] - first;
    if (to[i + 1] < to[i]) throw IoError(file + ": the ends of texts in " + column.dataset + " do not grow (row " + std::to_string(start + i) + ")");
  }
  return Column::from_buffers(ColumnType::string, count, std::move(offsets), {}, hdf5::read_field(file, column.text, "", first, last - first));
}

Column column_of_pickle(const std::string& file, const Hdf5Column& column, index_t count, Read& read) {
  const std::string where = column.dataset + " of " + file;
  PickledArray& array = read.pickled[column.dataset];
  if (array.shape.empty()) array = array_of_objects(*unpickle(hdf5::read_byte_list(file, column.dataset, 0), where), where);
  const index_t width = array.shape.size() == 2 ? array.shape[1] : 1;
  if (array.shape.empty() || array.shape[0] != count || column.inner >= width) throw IoError("an array in " + where + " has another shape than its table");
  std::vector<std::optional<std::string_view>> texts;
  for (index_t i = 0; i < count; ++i) {
    const Pickled& item = *array.elements[static_cast<std::size_t>(i * width + column.inner)];
    using Kind = Pickled::Kind;
    if (item.is(Kind::text)) texts.emplace_back(item.text);
    else if (item.is(Kind::none) || (item.is(Kind::real) && item.real != item.real) || (item.is(Kind::name) && item.text.ends_with("NA"))) texts.push_back(std::nullopt);
    else throw TypeError("the column \"" + column.name + "\" of " + where + " holds objects that are no texts (row " + std::to_string(i) + ")");
  }
  return texts_from(texts);
}

// What codes stand for. Categories of texts keep their codes where they are what a category column wants: all different, none missing.
Column column_of_codes(const std::string& file, const Hdf5Column& column, index_t start, index_t count, Read& read) {
  const hdf5::Fields about = hdf5::describe_fields(file, column.dataset);
  const auto field = std::find_if(about.fields.begin(), about.fields.end(), [&](const hdf5::Field& f) { return f.name == column.field; });
  if (field == about.fields.end()) throw IoError(file + " changed: " + column.dataset + " is another than read_hdf found");
  Hdf5Column stored = column;
  stored.type = type_of_field(*field, column.name, column.dataset + " of " + file);
  if (!is_integer(stored.type)) throw IoError("codes are whole numbers, " + column.dataset + " of " + file + " holds " + field->type);
  const std::vector<std::int64_t> codes = column_of_field(file, stored, start, count, read).to_vector<std::int64_t>();
  std::vector<std::int64_t> rows;
  Buffer places = Buffer::zeros(std::max<std::size_t>(codes.size() * sizeof(std::int32_t), 1));
  for (const std::int64_t code : codes) {
    if (code >= column.nmeanings)
      throw IoError("the code " + std::to_string(code) + " of the column \"" + column.name + "\" of " + file + " stands for nothing: there are " + std::to_string(column.nmeanings) + " (row " +
                    std::to_string(start + static_cast<index_t>(rows.size())) + ")");
    if (code >= 0) reinterpret_cast<std::int32_t*>(places.data())[rows.size()] = static_cast<std::int32_t>(code);
    rows.push_back(std::max<std::int64_t>(code, -1));
  }
  if (!column.meanings) return Column::nulls(column.type, count);
  const Column meanings = read_column(file, *column.meanings, 0, column.nmeanings, read);
  if (column.type != ColumnType::category) return meanings.take(rows);
  bool all;
  Buffer bits = bits_where(count, [&](std::int64_t i) { return rows[static_cast<std::size_t>(i)] >= 0; }, all);
  try {
    return Column::from_codes(count, std::move(places), meanings, all ? Buffer() : std::move(bits));
  } catch (const ValueError&) {
    return meanings.take(rows).cast(ColumnType::category);
  }
}

Column with_validity(const std::string& file, const Hdf5Column& column, index_t start, index_t count, const Column& values) {
  const Buffer valid = hdf5::read_field(file, column.valid, "", start, count);
  bool all;
  Buffer bits = bits_where(count, [&](std::int64_t i) { return valid.data()[i] != std::byte{0}; }, all);
  if (all) return values;
  if (values.type() != ColumnType::string) {
    Buffer copy = Buffer::allocate(std::max<std::size_t>(static_cast<std::size_t>(values.nbytes()), 1));
    std::memcpy(copy.data(), values.address(), static_cast<std::size_t>(count) * itemsize(values.type()));
    return Column::from_buffers(values.type(), count, std::move(copy), std::move(bits));
  }
  std::vector<std::optional<std::string_view>> texts;
  for (index_t i = 0; i < count; ++i) texts.push_back(valid.data()[i] != std::byte{0} ? std::optional(values.text(i)) : std::nullopt);
  return texts_from(texts);
}

Column read_column(const std::string& file, const Hdf5Column& column, index_t start, index_t count, Read& read) {
  if (count == 0) return Column::nulls(column.type, 0);  // what pandas stores then only stands for the shape
  Column out = column.how == Hdf5Column::How::field     ? column_of_field(file, column, start, count, read)
               : column.how == Hdf5Column::How::text    ? column_of_ends(file, column, start, count)
               : column.how == Hdf5Column::How::codes   ? column_of_codes(file, column, start, count, read)
                                                        : column_of_pickle(file, column, count, read);
  if (!column.valid.empty()) out = with_validity(file, column, start, count, out);
  return out.type() == column.type ? out : out.cast(column.type);
}

void encode_column(Writer& out, const Hdf5Column& c) {
  for (const std::string* text : {&c.name, &c.dataset, &c.field, &c.text, &c.valid, &c.missing}) out.text(*text);
  out.put(c.type);
  out.put(c.how);
  out.put(c.inner);
  out.put(c.nanoseconds);
  out.put(c.has_missing);
  out.put(c.nmeanings);
  out.put(c.meanings != nullptr);
  if (c.meanings) encode_column(out, *c.meanings);
}
Hdf5Column decode_column(Reader& in) {
  Hdf5Column c;
  for (std::string* text : {&c.name, &c.dataset, &c.field, &c.text, &c.valid, &c.missing}) *text = in.text();
  c.type = in.get<ColumnType>();
  c.how = in.get<Hdf5Column::How>();
  c.inner = in.get<index_t>();
  c.nanoseconds = in.get<std::int64_t>();
  c.has_missing = in.get<bool>();
  c.nmeanings = in.get<index_t>();
  if (in.get<bool>()) c.meanings = std::make_shared<Hdf5Column>(decode_column(in));
  return c;
}

class ReadHdfOperation final : public OperationOf<ReadHdfOperation> {
 public:
  ReadHdfOperation(std::string file, std::vector<Hdf5Column> columns) : file_(std::move(file)), columns_(std::move(columns)) {}
  void encode(Writer& out) const override {
    out.text(file_);
    out.put<std::uint64_t>(columns_.size());
    for (const Hdf5Column& column : columns_) encode_column(out, column);
  }
  static std::shared_ptr<const ReadHdfOperation> decode(Reader& in) {
    std::string file = in.text();
    std::vector<Hdf5Column> columns(in.get<std::uint64_t>());
    for (Hdf5Column& column : columns) column = decode_column(in);
    return std::make_shared<ReadHdfOperation>(std::move(file), std::move(columns));
  }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    const auto start = in.get<index_t>(), count = in.get<index_t>();
    Read read;
    std::vector<std::string> names;
    std::vector<Column> columns;
    for (const Hdf5Column& column : columns_) {
      names.push_back(column.name);
      columns.push_back(read_column(file_, column, start, count, read));
    }
    return Object::of(Table(std::move(names), std::move(columns)));
  }

 private:
  std::string file_;
  std::vector<Hdf5Column> columns_;
};

class ReadHdfNode final : public dataframe::LayerNode {
 public:
  std::string file;
  Hdf5Table stored;
  index_t chunksize = 1;
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>&, const std::vector<std::string>& wanted) const override {
    std::vector<Hdf5Column> columns;
    for (const Hdf5Column& column : stored.columns)
      if (std::find(wanted.begin(), wanted.end(), column.name) != wanted.end()) columns.push_back(column);
    return std::make_shared<dataframe::PlanLayer>(name, npartitions, std::make_shared<ReadHdfOperation>(file, std::move(columns)), dataframe::PlanLayer::Inputs(),
                                                  [rows = stored.rows, size = chunksize](std::int64_t i, Writer& out) {
                                                    out.put<index_t>(i * size);
                                                    out.put<index_t>(std::min(size, rows - i * size));
                                                  });
  }
};

ColumnType type_from_attribute(const std::string& name, const std::string& where) {
  for (int t = 0; t <= static_cast<int>(ColumnType::category); ++t)
    if (ashlar::name(static_cast<ColumnType>(t)) == name) return static_cast<ColumnType>(t);
  throw IoError(where + " says that it is of the type \"" + name + "\", which is not known");
}

// What to_hdf wrote; no columns where it is something else.
Hdf5Table table_of_ours(const std::string& key, const hdf5::Tree& group) {
  Hdf5Table out;
  std::vector<std::pair<std::int64_t, Hdf5Column>> found;
  for (const hdf5::Tree& each : group.children) {
    if (each.kind != hdf5::Tree::Kind::group) continue;
    const std::string folder = key + "/" + each.name + "/";
    Hdf5Column column;
    std::int64_t position = -1;
    for (const hdf5::Tree& part : each.children) {
      const auto& attributes = part.dataset.attributes;
      if (part.kind != hdf5::Tree::Kind::dataset) continue;
      const auto want = [&](DType type) {
        if (part.dataset.dtype != type || part.dataset.shape.size() != 1)
          throw IoError("a table of to_hdf holds " + std::string(dtype_name(type)) + " in one axis in " + folder + part.name + ", found " + part.dataset.type);
      };
      if (part.name == "valid") {
        want(DType::bool_);
        column.valid = folder + part.name;
      }
      if (part.name == "text") want(DType::uint8);
      if (!attribute(attributes, table_attribute)) continue;
      const bool ends = part.name == "ends";
      column.how = ends ? Hdf5Column::How::text : Hdf5Column::How::field;
      column.dataset = folder + part.name;
      column.text = folder + "text";
      column.name = text_attribute(attributes, "column");
      column.type = type_from_attribute(text_attribute(attributes, "type"), column.dataset);
      want(ends ? DType::int64 : dtype_of_column(column.type));
      const auto* at = attribute(attributes, "position");
      position = at && std::holds_alternative<std::int64_t>(*at) ? std::get<std::int64_t>(*at) : 0;
      if (found.empty()) out.rows = part.dataset.shape[0];
      else if (out.rows != part.dataset.shape[0]) throw IoError("the columns of " + key + " are of different lengths: " + std::to_string(out.rows) + " and, \"" + column.name + "\", " + std::to_string(part.dataset.shape[0]));
    }
    if (position >= 0) found.emplace_back(position, std::move(column));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [position, column] : found) out.columns.push_back(std::move(column));
  return out;
}

Hdf5Table table_of_structures(const std::string& file, const std::string& key) {
  const hdf5::Fields about = hdf5::describe_fields(file, key);
  Hdf5Table out;
  out.rows = about.rows;
  for (const hdf5::Field& field : about.fields) {
    if (field.width != 1 || field.name.empty())
      throw TypeError("a table is a dataset of structures with one value in each member; " + key + " of " + file + " holds " + field.type +
                      (field.name.empty() ? "" : " in \"" + field.name + "\""));
    Hdf5Column column;
    column.name = column.field = field.name;
    column.dataset = key;
    column.type = type_of_field(field, field.name, key + " of " + file);
    out.columns.push_back(std::move(column));
  }
  return out;
}

Hdf5Table found_table(const std::string& file, const std::string& key) {
  const hdf5::Tree root = hdf5::tree(file);
  const hdf5::Tree* at = &root;
  for (std::size_t from = 1; from <= key.size();) {
    const std::size_t to = std::min(key.find('/', from), key.size());
    const std::string part = key.substr(from, to - from);
    const auto next = std::find_if(at->children.begin(), at->children.end(), [&](const hdf5::Tree& child) { return child.name == part; });
    if (next == at->children.end()) {
      std::string there;
      for (const hdf5::Tree& child : at->children) there += (there.empty() ? "" : ", ") + child.name;
      throw KeyError("no table " + key + " in " + file + ": beside \"" + part + "\" there " + (there.empty() ? "is nothing" : "are " + there));
    }
    at = &*next;
    from = to + 1;
  }
  if (at->kind == hdf5::Tree::Kind::dataset) return table_of_structures(file, key);
  if (attribute(at->attributes, "pandas_type")) return table_of_pandas(file, key, *at);
  Hdf5Table out = table_of_ours(key, *at);
  if (out.columns.empty()) throw KeyError("no table " + key + " in " + file + ": the group was written neither by to_hdf nor by pandas");
  return out;
}

}  // namespace
}  // namespace io

DataFrame read_hdf(const std::string& file, const std::string& key, const ReadHdfOptions& options) {
  if (options.chunksize < 1) throw ValueError("read_hdf wants a chunksize of at least one row, found " + std::to_string(options.chunksize));
  auto node = std::make_shared<io::ReadHdfNode>();
  node->name = "read-hdf";
  node->token = node->rows = dataframe::new_token();
  node->file = std::filesystem::absolute(file).string();
  node->stored = io::found_table(node->file, io::clean_key(key, "read_hdf"));
  std::vector<std::string> names;
  std::vector<ColumnType> types;
  for (const io::Hdf5Column& column : node->stored.columns) {
    names.push_back(column.name);
    types.push_back(column.type);
  }
  node->chunksize = node->stored.one_partition ? std::max<index_t>(node->stored.rows, 1) : options.chunksize;
  node->npartitions = std::max<std::int64_t>((node->stored.rows + node->chunksize - 1) / node->chunksize, 1);
  node->sample = Table::empty(names, types);
  const DataFrame all(node);
  if (options.columns.v.empty()) return all;
  std::vector<std::string> wanted;
  for (const std::string& name : options.columns.v)
    if (!node->table().contains(name)) dataframe::unknown_column(name, names);
  for (const std::string& name : names)
    if (std::find(options.columns.v.begin(), options.columns.v.end(), name) != options.columns.v.end()) wanted.push_back(name);
  return all[Names(wanted)];
}

}  // namespace ashlar

// The layouts of pandas: format "fixed" (blocks of columns of one type, as arrays) and "table" (one dataset of structures, blocks as members).
// What is written of lists is pickled.

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "ashlar/base/error.hpp"
#include "ashlar/hdf5/reader.hpp"
#include "ashlar/io/hdf5_columns_detail.hpp"
#include "ashlar/io/pickle_detail.hpp"

namespace ashlar::io {

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

// "datetime64[us]" and "timedelta64[s]": times; without a unit: nanoseconds.
bool as_times(const std::string& dtype, Hdf5Column& column) {
  const bool point = dtype.starts_with("datetime64"), span = dtype.starts_with("timedelta64");
  if (!point && !span) return false;
  column.type = point ? ColumnType::timestamp : ColumnType::duration;
  const std::size_t open = dtype.find('[');
  const std::string unit = open == std::string::npos ? "ns" : dtype.substr(open + 1, dtype.find_first_of(",]", open) - open - 1);
  static const std::map<std::string, std::int64_t> units = {{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}};
  const auto found = units.find(unit);
  if (found == units.end()) throw TypeError("no column of a frame can hold \"" + column.name + "\": it is of " + dtype);
  column.nanoseconds = found->second;
  return true;
}

class Pandas {
 public:
  Pandas(const std::string& file, const std::string& key, const hdf5::Tree& tree) : file_(file), key_(key), tree_(tree), group_(tree.attributes) {}

  Hdf5Table table() {
    const std::string type = text_attribute(group_, "pandas_type");
    if (type == "frame") return fixed_frame();
    if (type == "series") return fixed_series();
    if (type == "frame_table" || type == "series_table") return structures();
    throw NotImplementedError("not yet: read_hdf of what pandas calls \"" + type + "\" (" + where(key_) + ")");
  }

 private:
  std::string where(const std::string& dataset) const { return dataset + " of " + file_; }
  hdf5::Attributes attributes_of(const std::string& dataset) const { return hdf5::attributes(file_, dataset); }

  // Arrays without elements are stored as one element, and their shape beside it.
  bool is_empty(const hdf5::Attributes& attributes) const {
    const std::string shape = text_attribute(attributes, "shape");
    if (shape.empty()) return false;
    const PickledPtr axes = unpickle(bytes_of(shape), "the shape in " + where(key_));
    for (const PickledPtr& n : axes->items)
      if (n->integer == 0) return true;
    return false;
  }

  std::vector<std::string> labels(const std::string& dataset) const {
    const hdf5::Attributes attributes = attributes_of(dataset);
    if (is_empty(attributes)) return {};
    const hdf5::Fields about = hdf5::describe_fields(file_, dataset);
    const hdf5::Field& field = about.fields[0];
    std::vector<std::string> out;
    if (field.kind == hdf5::Field::Kind::byte_list) {
      const PickledArray array = array_of_objects(*unpickle(hdf5::read_byte_list(file_, dataset, 0), where(dataset)), where(dataset));
      for (const PickledPtr& item : array.elements) out.push_back(item->is(Pickled::Kind::integer) ? std::to_string(item->integer) : item->text);
      return out;
    }
    const Buffer bytes = hdf5::read_field(file_, dataset, "", 0, about.rows);
    for (index_t i = 0; i < about.rows; ++i) {
      const char* const at = reinterpret_cast<const char*>(bytes.data()) + static_cast<std::size_t>(i) * field.itemsize;
      if (field.kind == hdf5::Field::Kind::text) {
        out.emplace_back(at, strnlen(at, field.itemsize));
      } else if (field.kind == hdf5::Field::Kind::integer && field.itemsize == 8) {
        std::int64_t number;
        std::memcpy(&number, at, sizeof number);
        out.push_back(std::to_string(number));
      } else {
        throw NotImplementedError("not yet: read_hdf of names of columns that are neither texts nor whole numbers (" + where(dataset) + ")");
      }
    }
    return out;
  }

  // False for an index that says no more than the number of each row.
  bool tells(const std::string& dataset, const std::string& field_name, const hdf5::Field& field, index_t rows) const {
    if (field.kind != hdf5::Field::Kind::integer || field.itemsize != 8 || field.width != 1) return true;
    constexpr index_t block = 1 << 20;
    for (index_t start = 0; start < rows; start += block) {
      const index_t n = std::min(block, rows - start);
      const Buffer bytes = hdf5::read_field(file_, dataset, field_name, start, n);
      const auto* numbers = reinterpret_cast<const std::int64_t*>(bytes.data());
      for (index_t i = 0; i < n; ++i)
        if (numbers[i] != start + i) return true;
    }
    return false;
  }

  // A dataset of one axis or two: `width` columns.
  void add_array(Hdf5Table& out, const std::string& dataset, const std::vector<std::string>& names) {
    const hdf5::Attributes attributes = attributes_of(dataset);
    const hdf5::Fields about = hdf5::describe_fields(file_, dataset);
    const hdf5::Field& field = about.fields[0];
    const bool empty = is_empty(attributes), pickled = field.kind == hdf5::Field::Kind::byte_list;
    if (empty) out.rows = 0;
    else if (!pickled) out.rows = about.rows;
    for (std::size_t i = 0; i < names.size(); ++i) {
      Hdf5Column column;
      column.name = names[i];
      column.dataset = dataset;
      column.inner = static_cast<index_t>(i);
      const std::string value_type = text_attribute(attributes, "value_type"), kind = text_attribute(attributes, "kind");
      if (pickled) {
        column.how = Hdf5Column::How::pickled;
        column.type = ColumnType::string;
        out.one_partition = true;
      } else if (!as_times(value_type.empty() ? kind : value_type, column)) {
        column.type = empty && field.kind == hdf5::Field::Kind::other ? ColumnType::string : type_of_field(field, column.name, where(dataset));
        if (empty)
          for (int t = 0; t <= static_cast<int>(ColumnType::float64); ++t)
            if (ashlar::name(static_cast<ColumnType>(t)) == value_type) column.type = static_cast<ColumnType>(t);
        if (kind == "bool" && field.itemsize == 1) column.type = ColumnType::boolean;
        if (kind == "string") {
          const auto* missing = attribute(attributes, "nan_rep");
          column.missing = missing ? text_attribute(attributes, "nan_rep") : "nan";
          column.has_missing = !column.missing.empty();
        }
      }
      out.columns.push_back(std::move(column));
    }
  }

  // The name of an index, a level or a series; empty: None, which is pickled.
  static std::string name_in(const hdf5::Attributes& attributes) {
    const std::string name = text_attribute(attributes, "name");
    return name == "N." ? std::string() : name;
  }

  bool has(const std::vector<std::string>& path) const {
    const hdf5::Tree* at = &tree_;
    for (const std::string& part : path) {
      const auto next = std::find_if(at->children.begin(), at->children.end(), [&](const hdf5::Tree& child) { return child.name == part; });
      if (next == at->children.end()) return false;
      at = &*next;
    }
    return true;
  }

  // Makes `column`, which holds whole numbers, codes of what `meanings` holds: texts become categories, where they are not the level of an index.
  void set_meanings(Hdf5Column& column, const Hdf5Table& meanings, bool level) const {
    if (!is_integer(column.type)) throw IoError("codes are whole numbers, " + where(column.dataset) + " holds " + std::string(name(column.type)));
    column.how = Hdf5Column::How::codes;
    column.type = ColumnType::category;
    column.nmeanings = meanings.rows;
    if (meanings.columns.empty()) return;
    const ColumnType type = meanings.columns[0].type;
    if (type != ColumnType::string || level) column.type = type;
    column.meanings = std::make_shared<Hdf5Column>(meanings.columns[0]);
  }

  // A dataset of one axis whose elements are what codes stand for.
  Hdf5Table meanings_in(const std::string& dataset) {
    Hdf5Table out;
    add_array(out, dataset, {dataset});
    if (out.one_partition) {
      const PickledArray array = array_of_objects(*unpickle(hdf5::read_byte_list(file_, dataset, 0), where(dataset)), where(dataset));
      out.rows = static_cast<index_t>(array.elements.size());
    }
    return out;
  }

  // An index of several levels: for each its different values, and for each row which of them it has.
  void add_levels(Hdf5Table& out, const std::string& index) {
    const auto* levels = attribute(group_, index + "_nlevels");
    if (!levels || !std::holds_alternative<std::int64_t>(*levels)) throw IoError(where(key_) + " says that its index has levels, but not how many");
    for (std::int64_t i = 0; i < std::get<std::int64_t>(*levels); ++i) {
      const std::string number = std::to_string(i), codes = key_ + "/" + index + "_label" + number, level = key_ + "/" + index + "_level" + number;
      const std::string told = name_in(attributes_of(level));
      Hdf5Table one;
      add_array(one, codes, {told.empty() ? "level_" + number : told});
      if (i > 0 && one.rows != out.rows) throw IoError("the levels of the index of " + where(key_) + " are of different lengths: " + std::to_string(out.rows) + " and " + std::to_string(one.rows));
      out.rows = one.rows;
      set_meanings(one.columns[0], meanings_in(level), true);
      out.columns.push_back(std::move(one.columns[0]));
    }
  }

  void add_index(Hdf5Table& out, const std::string& index) {
    const std::string dataset = key_ + "/" + index;
    if (text_attribute(group_, index + "_variety") == "multi") return add_levels(out, index);
    const hdf5::Attributes attributes = attributes_of(dataset);
    if (text_attribute(attributes, "index_class") == "period") throw NotImplementedError("not yet: read_hdf of an index of periods (" + where(dataset) + ")");
    const std::string name = name_in(attributes);
    const hdf5::Fields about = hdf5::describe_fields(file_, dataset);
    if (is_empty(attributes)) return;
    out.rows = about.rows;
    if (name.empty() && text_attribute(attributes, "kind") == "integer" && !tells(dataset, "", about.fields[0], about.rows)) return;
    add_array(out, dataset, {name.empty() ? "index" : name});
    if (text_attribute(attributes, "kind") == "category") set_meanings(out.columns.back(), meanings_in(dataset + "_categories"), false);
  }

  Hdf5Table fixed_frame() {
    const auto* nblocks = attribute(group_, "nblocks");
    if (!nblocks || !std::holds_alternative<std::int64_t>(*nblocks)) throw IoError(where(key_) + " says that it is a frame of pandas, but not of how many blocks");
    if (text_attribute(group_, "axis0_variety") == "multi") throw NotImplementedError("not yet: read_hdf of names of several levels (" + where(key_) + ")");
    Hdf5Table out, blocks;
    add_index(out, "axis1");
    const index_t rows = out.rows;
    for (std::int64_t b = 0; b < std::get<std::int64_t>(*nblocks); ++b) {
      const std::string block = key_ + "/block" + std::to_string(b);
      add_array(blocks, block + "_values", labels(block + "_items"));
    }
    for (const std::string& name : labels(key_ + "/axis0")) {
      const auto found = std::find_if(blocks.columns.begin(), blocks.columns.end(), [&](const Hdf5Column& c) { return c.name == name; });
      if (found == blocks.columns.end()) throw IoError("no block holds the column \"" + name + "\" of " + where(key_));
      out.columns.push_back(*found);
    }
    out.one_partition = blocks.one_partition;
    out.rows = rows;
    return out;
  }

  Hdf5Table fixed_series() {
    Hdf5Table out;
    add_index(out, "index");
    const index_t rows = out.rows;
    const std::string name = name_in(group_);
    add_array(out, key_ + "/values", {name.empty() ? "0" : name});
    out.rows = rows;
    return out;
  }

  // ---- format "table"
  std::optional<std::string> missing_text(const hdf5::Attributes& table, const std::string& field) const {
    const std::string of_all = text_attribute(group_, "nan_rep");
    if (!of_all.empty() && of_all != "N.") return of_all;
    if (!attribute(group_, "data_col_nan_rep")) return "nan";
    if (!attribute(table, field + "_nan_rep")) return std::nullopt;
    return text_attribute(table, field + "_nan_rep");
  }

  std::vector<std::string> names_in(const Pickled& list) const {
    for (const PickledPtr& item : list.items)
      if (item->is(Pickled::Kind::tuple)) throw NotImplementedError("not yet: read_hdf of names of several levels (" + where(key_) + ")");
    return texts_of(list, where(key_));
  }

  // A table of their own beside the table; none where there are no categories.
  Hdf5Table categories_of(const std::string& field) {
    if (!has({"meta", field, "meta", "table"})) return {};
    const std::string dataset = key_ + "/meta/" + field + "/meta/table";
    const hdf5::Attributes about = attributes_of(dataset);
    Hdf5Table out;
    const hdf5::Fields fields = hdf5::describe_fields(file_, dataset);
    for (const hdf5::Field& each : fields.fields) {
      if (each.name != "values") continue;
      Hdf5Column column;
      column.name = column.field = each.name;
      column.dataset = dataset;
      if (!as_times(text_attribute(about, "values_dtype"), column)) column.type = type_of_field(each, field, where(dataset));
      out.rows = fields.rows;
      out.columns.push_back(std::move(column));
      return out;
    }
    throw IoError(where(dataset) + " holds no categories of pandas: nothing there is named \"values\"");
  }

  // What pandas calls the index of a table; empty: nothing.
  std::string index_name() const {
    const std::string info = text_attribute(group_, "info");
    if (info.empty()) return {};
    const auto at = [](const PickledPtr& dict, std::string_view key) -> PickledPtr {
      if (!dict || !dict->is(Pickled::Kind::dict)) return nullptr;
      for (std::size_t i = 0; i + 1 < dict->items.size(); i += 2)
        if (dict->items[i]->is(Pickled::Kind::text) && dict->items[i]->text == key) return dict->items[i + 1];
      return nullptr;
    };
    const PickledPtr name = at(at(unpickle(bytes_of(info), where(key_)), "index"), "index_name");
    return name && name->is(Pickled::Kind::text) ? name->text : std::string();
  }

  Hdf5Table structures() {
    const std::string dataset = key_ + "/table";
    const hdf5::Attributes table = attributes_of(dataset);
    const hdf5::Fields about = hdf5::describe_fields(file_, dataset);
    Hdf5Table out;
    out.rows = about.rows;
    std::vector<Hdf5Column> found;
    for (const hdf5::Field& field : about.fields) {
      const std::string kind = text_attribute(table, field.name + "_kind"), dtype = text_attribute(table, field.name + "_dtype");
      const bool category = text_attribute(table, field.name + "_meta") == "category";
      Hdf5Column column;
      column.dataset = dataset;
      column.field = field.name;
      if (field.name == "index") {
        column.name = index_name();
        if (column.name.empty() && !category && kind == "integer" && !tells(dataset, field.name, field, about.rows)) continue;
        if (column.name.empty()) column.name = "index";
        if (!as_times(kind, column)) column.type = type_of_field(field, "index", where(dataset));
        if (category) set_meanings(column, categories_of(field.name), false);
        out.columns.push_back(std::move(column));
        continue;
      }
      // The kind of a block is the pickled list of its columns.
      const std::vector<std::string> names = kind.empty() ? std::vector<std::string>{field.name} : names_in(*unpickle(bytes_of(kind), where(dataset)));
      if (std::cmp_not_equal(names.size(), field.width))
        throw IoError("the member \"" + field.name + "\" of " + where(dataset) + " holds " + std::to_string(field.width) + " columns, its names are " + std::to_string(names.size()));
      for (std::size_t i = 0; i < names.size(); ++i) {
        column.name = names[i];
        column.inner = static_cast<index_t>(i);
        if (!as_times(dtype, column)) {
          column.type = dtype == "bool" && field.itemsize == 1 ? ColumnType::boolean : type_of_field(field, names[i], where(dataset));
          if (category) set_meanings(column, categories_of(field.name), false);
          if (const auto missing = missing_text(table, field.name); missing && column.type == ColumnType::string) {
            column.has_missing = true;
            column.missing = *missing;
          }
        }
        found.push_back(column);
      }
    }
    // In the order of the frame; a series has one column.
    const std::string axes = text_attribute(group_, "non_index_axes");
    std::vector<std::string> order;
    if (!axes.empty()) {
      const PickledPtr list = unpickle(bytes_of(axes), where(key_));
      if (!list->items.empty() && list->items[0]->items.size() == 2) order = names_in(*list->items[0]->items[1]);
    }
    for (const std::string& name : order) {
      const auto at = std::find_if(found.begin(), found.end(), [&](const Hdf5Column& c) { return c.name == name; });
      if (at == found.end()) continue;
      out.columns.push_back(std::move(*at));
      found.erase(at);
    }
    for (Hdf5Column& column : found) out.columns.push_back(std::move(column));
    return out;
  }

  const std::string &file_, &key_;
  const hdf5::Tree& tree_;
  const hdf5::Attributes& group_;
};

}  // namespace

Hdf5Table table_of_pandas(const std::string& file, const std::string& key, const hdf5::Tree& group) { return Pandas(file, key, group).table(); }

}  // namespace ashlar::io

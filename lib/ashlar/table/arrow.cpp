#include "ashlar/table/arrow.hpp"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "ashlar/table/column_builder_detail.hpp"

namespace ashlar {

using namespace table;

namespace {

// ---------------------------------------------------------------- out
std::string format_of(ColumnType type) {
  switch (type) {
    case ColumnType::boolean: return "b";
    case ColumnType::int8: return "c";
    case ColumnType::int16: return "s";
    case ColumnType::int32: return "i";
    case ColumnType::int64: return "l";
    case ColumnType::uint8: return "C";
    case ColumnType::uint16: return "S";
    case ColumnType::uint32: return "I";
    case ColumnType::uint64: return "L";
    case ColumnType::float32: return "f";
    case ColumnType::float64: return "g";
    case ColumnType::string: return "U";
    case ColumnType::timestamp: return "tsn:UTC";
    case ColumnType::duration: return "tDn";
    case ColumnType::category: return "i";
  }
  throw InternalError("a column type without a format");
}

// What the structs of one array point to. Children and the dictionary are released with it, unless the receiver has moved them out.
struct GivenSchema {
  std::string format, name;
  std::vector<std::unique_ptr<ArrowSchema>> children;
  std::vector<ArrowSchema*> pointers;
  std::unique_ptr<ArrowSchema> dictionary;
};
struct GivenArray {
  std::vector<Column> columns;
  std::vector<Buffer> buffers;
  std::vector<const void*> addresses;
  std::vector<std::unique_ptr<ArrowArray>> children;
  std::vector<ArrowArray*> pointers;
  std::unique_ptr<ArrowArray> dictionary;
};
template <class Struct, class Given>
void release(Struct* s) {
  auto* given = static_cast<Given*>(s->private_data);
  for (const auto& child : given->children)
    if (child->release) child->release(child.get());
  if (given->dictionary && given->dictionary->release) given->dictionary->release(given->dictionary.get());
  delete given;
  s->release = nullptr;
}

void give_schema(ColumnType type, const std::string& name, ArrowSchema& out) {
  auto given = std::make_unique<GivenSchema>();
  given->format = format_of(type);
  given->name = name;
  if (type == ColumnType::category) {
    given->dictionary = std::make_unique<ArrowSchema>();
    give_schema(ColumnType::string, "", *given->dictionary);
  }
  out = {given->format.c_str(), given->name.c_str(), nullptr, ARROW_FLAG_NULLABLE, 0, nullptr, given->dictionary.get(),
         release<ArrowSchema, GivenSchema>, nullptr};
  out.private_data = given.release();
}

Buffer as_bits(const Column& column) {
  Buffer out = Buffer::zeros(std::max<std::size_t>(bitmap_bytes(column.size()), 1));
  const auto values = column.values<bool>();
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i]) set_bit(out.data(), static_cast<std::int64_t>(i));
  return out;
}

void give_array(const Column& column, ArrowArray& out) {
  auto given = std::make_unique<GivenArray>();
  given->columns.push_back(column);
  const void* validity = nullptr;
  if (column.null_count()) {
    if (column.validity_offset() % 8 == 0) {
      validity = column.validity() + column.validity_offset() / 8;
    } else {
      given->buffers.push_back(validity_copy(column));
      validity = given->buffers.back().data();
    }
  }
  given->addresses.push_back(validity);
  if (column.type() == ColumnType::boolean) {
    given->buffers.push_back(as_bits(column));
    given->addresses.push_back(given->buffers.back().data());
  } else {
    given->addresses.push_back(column.address());
  }
  if (column.type() == ColumnType::string) given->addresses.push_back(column.text_data());
  if (column.type() == ColumnType::category) {
    given->dictionary = std::make_unique<ArrowArray>();
    give_array(column.categories(), *given->dictionary);
  }
  out = {column.size(), column.null_count(), 0, static_cast<std::int64_t>(given->addresses.size()), 0, given->addresses.data(), nullptr,
         given->dictionary.get(), release<ArrowArray, GivenArray>, nullptr};
  out.private_data = given.release();
}

// ---------------------------------------------------------------- in
// Releases what was taken over when the last column that shares its memory is gone.
struct Taken {
  ArrowArray array;
  explicit Taken(ArrowArray& from) : array(from) { from.release = nullptr; }
  ~Taken() {
    if (array.release) array.release(&array);
  }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
};
struct TakenSchema {
  ArrowSchema schema;
  explicit TakenSchema(ArrowSchema& from) : schema(from) { from.release = nullptr; }
  ~TakenSchema() {
    if (schema.release) schema.release(&schema);
  }
  TakenSchema(const TakenSchema&) = delete;
  TakenSchema& operator=(const TakenSchema&) = delete;
};

std::string name_of(const ArrowSchema& schema) { return schema.name ? schema.name : ""; }

/// Elements [begin, begin + length) of an array's buffers; `begin` counts its own offset.
class Incoming {
 public:
  Incoming(const ArrowSchema& schema, const ArrowArray& array, std::int64_t begin, std::int64_t length, std::shared_ptr<Taken> owner)
      : schema_(schema), array_(array), begin_(begin), length_(length), owner_(std::move(owner)) {}

  Column column() const {
    if (length_ < 0 || begin_ < 0) refuse("a length or offset below zero");
    if (schema_.dictionary) return categories();
    const std::string_view format = schema_.format;
    if (format == "n") return Column::nulls(ColumnType::float64, length_);
    if (format == "b") return booleans();
    if (format == "u") return texts<std::int32_t>();
    if (format == "U") return texts<std::int64_t>();
    if (format == "tdD") return times<std::int32_t>(ColumnType::timestamp, 86'400'000'000'000);
    if (format == "tdm") return times<std::int64_t>(ColumnType::timestamp, 1'000'000);
    if (format.size() >= 4 && format.starts_with("ts") && format[3] == ':') return times<std::int64_t>(ColumnType::timestamp, nanoseconds_of(format[2]));
    if (format.size() == 3 && format.starts_with("tD")) return times<std::int64_t>(ColumnType::duration, nanoseconds_of(format[2]));
    for (const ColumnType type : {ColumnType::int8, ColumnType::int16, ColumnType::int32, ColumnType::int64, ColumnType::uint8, ColumnType::uint16,
                                  ColumnType::uint32, ColumnType::uint64, ColumnType::float32, ColumnType::float64})
      if (format == format_of(type)) return Column::from_buffers(type, length_, values(itemsize(type)), validity());
    throw TypeError("there is no column of Arrow's format \"" + std::string(format) + "\" (\"" + name_of(schema_) + "\")");
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const { throw ValueError("an Arrow array is not what it says: " + what + " (\"" + name_of(schema_) + "\")"); }
  const std::byte* buffer(std::int64_t k) const {
    if (array_.n_buffers <= k) refuse(std::to_string(array_.n_buffers) + " buffers");
    return static_cast<const std::byte*>(array_.buffers[k]);
  }
  std::byte* shared(const std::byte* at) const { return const_cast<std::byte*>(at); }

  Buffer validity() const {
    const std::byte* bits = buffer(0);
    if (!bits || array_.null_count == 0 || length_ == 0) return {};
    if (begin_ % 8 == 0) return Buffer::wrap(shared(bits + begin_ / 8), bitmap_bytes(length_), owner_);
    Buffer out = Buffer::zeros(bitmap_bytes(length_));
    copy_bits(out.data(), 0, bits, begin_, length_);
    return out;
  }
  Buffer values(std::size_t size) const {
    const std::byte* from = buffer(1);
    if (length_ == 0) return Buffer::zeros(1);
    if (!from) refuse("no values");
    from += static_cast<std::size_t>(begin_) * size;
    const std::size_t nbytes = static_cast<std::size_t>(length_) * size;
    if (reinterpret_cast<std::uintptr_t>(from) % size == 0) return Buffer::wrap(shared(from), nbytes, owner_);
    Buffer out = Buffer::allocate(nbytes);
    std::memcpy(out.data(), from, nbytes);
    return out;
  }
  Column booleans() const {
    const std::byte* bits = buffer(1);
    if (length_ && !bits) refuse("no values");
    Buffer out;
    bool* to = fresh<bool>(out, length_);
    for (std::int64_t i = 0; i < length_; ++i) to[i] = get_bit(bits, begin_ + i);
    return Column::from_buffers(ColumnType::boolean, length_, std::move(out), validity());
  }
  template <class Offset>
  Column texts() const {
    if (length_ == 0) return Column::nulls(ColumnType::string, 0);
    const std::byte* from = buffer(1);
    if (!from) refuse("no offsets");
    from += static_cast<std::size_t>(begin_) * sizeof(Offset);
    const auto offset = [&](std::int64_t i) {
      Offset o;
      std::memcpy(&o, from + static_cast<std::size_t>(i) * sizeof(Offset), sizeof o);
      return o;
    };
    for (std::int64_t i = 0; i < length_; ++i)
      if (offset(i) < 0 || offset(i + 1) < offset(i)) refuse("offsets that go back at row " + std::to_string(i));
    const std::byte* text = buffer(2);
    const auto nbytes = static_cast<std::size_t>(offset(length_));
    if (!text && nbytes) refuse("no text");
    const bool same = sizeof(Offset) == 8 && reinterpret_cast<std::uintptr_t>(from) % 8 == 0;
    Buffer offsets;
    if (same) {
      offsets = Buffer::wrap(shared(from), static_cast<std::size_t>(length_ + 1) * 8, owner_);
    } else {
      auto* to = fresh<std::int64_t>(offsets, length_ + 1);
      for (std::int64_t i = 0; i <= length_; ++i) to[i] = offset(i);
    }
    return Column::from_buffers(ColumnType::string, length_, std::move(offsets), validity(),
                                nbytes ? Buffer::wrap(shared(text), nbytes, owner_) : Buffer::zeros(1));
  }
  std::int64_t nanoseconds_of(char unit) const {
    switch (unit) {
      case 's': return 1'000'000'000;
      case 'm': return 1'000'000;
      case 'u': return 1'000;
      case 'n': return 1;
      default: throw TypeError("there is no unit of time '" + std::string(1, unit) + "' (\"" + name_of(schema_) + "\")");
    }
  }
  template <class Stored>
  Column times(ColumnType type, std::int64_t unit) const {
    const Buffer from = values(sizeof(Stored));
    Buffer valid = validity();
    if (unit == 1) return Column::from_buffers(type, length_, from, std::move(valid));
    Buffer out;
    auto* to = fresh<std::int64_t>(out, length_);
    for (std::int64_t i = 0; i < length_; ++i) {
      const std::int64_t value = reinterpret_cast<const Stored*>(from.data())[i];
      const bool missing = valid && !get_bit(valid.data(), i);
      if (missing) to[i] = 0;
      else if (__builtin_mul_overflow(value, unit, &to[i]))
        throw ValueError("a time of an Arrow array does not fit into nanoseconds: " + std::to_string(value) + " times " + std::to_string(unit) + " (\"" +
                         name_of(schema_) + "\", row " + std::to_string(i) + ")");
    }
    return Column::from_buffers(type, length_, std::move(out), std::move(valid));
  }
  Column categories() const {
    if (!array_.dictionary) refuse("a dictionary type without a dictionary");
    const Column texts = Incoming(*schema_.dictionary, *array_.dictionary, array_.dictionary->offset, array_.dictionary->length, owner_).column();
    if (texts.type() != ColumnType::string)
      throw TypeError("categories are texts, the dictionary of an Arrow array holds " + std::string(name(texts.type())) + " (\"" + name_of(schema_) + "\")");
    ArrowSchema plain = schema_;
    plain.dictionary = nullptr;
    const Column codes = Incoming(plain, array_, begin_, length_, owner_).column();
    if (!is_integer(codes.type())) refuse("codes of " + std::string(name(codes.type())));
    // A dictionary may hold a text twice, or null: strings know neither, and codes are made anew.
    std::vector<std::int64_t> rows(static_cast<std::size_t>(length_), -1);
    for (std::int64_t i = 0; i < length_; ++i) {
      if (codes.is_null(i)) continue;
      const std::int64_t code = codes.value(i).as<std::int64_t>();
      if (code < 0 || code >= texts.size()) refuse("code " + std::to_string(code) + " of " + std::to_string(texts.size()) + " categories");
      rows[static_cast<std::size_t>(i)] = code;
    }
    try {
      Buffer out;
      auto* to = fresh<std::int32_t>(out, length_);
      for (std::int64_t i = 0; i < length_; ++i) to[i] = static_cast<std::int32_t>(std::max<std::int64_t>(rows[static_cast<std::size_t>(i)], 0));
      return Column::from_codes(length_, std::move(out), texts, validity_copy(codes));
    } catch (const ValueError&) {
      return texts.take(rows).cast(ColumnType::category);
    }
  }

  const ArrowSchema& schema_;
  const ArrowArray& array_;
  std::int64_t begin_, length_;
  std::shared_ptr<Taken> owner_;
};

}  // namespace

void export_to_arrow(const Column& column, ArrowSchema& schema, ArrowArray& array) {
  give_schema(column.type(), "", schema);
  give_array(column, array);
}

void export_to_arrow(const Table& table, ArrowSchema& schema, ArrowArray& array) {
  auto names = std::make_unique<GivenSchema>();
  auto given = std::make_unique<GivenArray>();
  names->format = "+s";
  for (std::int64_t c = 0; c < table.ncols(); ++c) {
    names->children.push_back(std::make_unique<ArrowSchema>());
    give_schema(table.at(c).type(), table.columns()[static_cast<std::size_t>(c)], *names->children.back());
    names->pointers.push_back(names->children.back().get());
    given->children.push_back(std::make_unique<ArrowArray>());
    give_array(table.at(c), *given->children.back());
    given->pointers.push_back(given->children.back().get());
  }
  given->addresses.push_back(nullptr);
  schema = {names->format.c_str(), names->name.c_str(), nullptr, 0, table.ncols(), names->pointers.data(), nullptr, release<ArrowSchema, GivenSchema>, nullptr};
  schema.private_data = names.release();
  array = {table.nrows(), 0, 0, 1, table.ncols(), given->addresses.data(), given->pointers.data(), nullptr, release<ArrowArray, GivenArray>, nullptr};
  array.private_data = given.release();
}

Column column_from_arrow(ArrowSchema& schema, ArrowArray& array) {
  const TakenSchema type(schema);
  const auto owner = std::make_shared<Taken>(array);
  if (!type.schema.release || !owner->array.release) throw ValueError("an Arrow array that was released already, or was never filled");
  return Incoming(type.schema, owner->array, owner->array.offset, owner->array.length, owner).column();
}

Table table_from_arrow(ArrowSchema& schema, ArrowArray& array) {
  const TakenSchema type(schema);
  const auto owner = std::make_shared<Taken>(array);
  if (!type.schema.release || !owner->array.release) throw ValueError("an Arrow array that was released already, or was never filled");
  const ArrowArray& all = owner->array;
  if (std::string_view(type.schema.format) != "+s") throw TypeError("a table wants an Arrow struct, found the format \"" + std::string(type.schema.format) + "\"");
  if (type.schema.n_children != all.n_children)
    throw ValueError("an Arrow array is not what it says: " + std::to_string(all.n_children) + " children, the schema has " + std::to_string(type.schema.n_children));
  const auto* bits = all.n_buffers > 0 ? static_cast<const std::byte*>(all.buffers[0]) : nullptr;
  if (bits && all.null_count != 0 && count_bits(bits, all.offset, all.length) != all.length)
    throw ValueError("rows of a table are not missing as a whole, found " + std::to_string(all.length - count_bits(bits, all.offset, all.length)) + " such rows in an Arrow struct");
  std::vector<std::string> names;
  std::vector<Column> columns;
  for (std::int64_t c = 0; c < all.n_children; ++c) {
    const ArrowArray& child = *all.children[c];
    if (child.length < all.offset + all.length)
      throw ValueError("an Arrow array is not what it says: column \"" + name_of(*type.schema.children[c]) + "\" is shorter than the table");
    names.push_back(name_of(*type.schema.children[c]));
    columns.push_back(Incoming(*type.schema.children[c], child, child.offset + all.offset, all.length, owner).column());
  }
  return Table(std::move(names), std::move(columns));
}

}  // namespace ashlar

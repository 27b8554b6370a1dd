// The Arrow C data interface: arrays as pyarrow gives them away (arrow_golden.txt, written by arrow_golden.py) are read, and given away again with the same bytes.
#include "ashlar/table/arrow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "random_columns.hpp"

namespace ashlar {
namespace {

using Bytes = std::vector<unsigned char>;

// One array of the golden file, with a count of those that were not released.
struct GoldenArray {
  std::string format;
  std::int64_t length = 0, nulls = 0, offset = 0;
  std::vector<std::optional<Bytes>> buffers;
  std::unique_ptr<GoldenArray> dictionary;

  struct Held {
    std::vector<Bytes> bytes;
    std::vector<const void*> pointers;
    std::string format;
    std::unique_ptr<ArrowSchema> schema;
    std::unique_ptr<ArrowArray> array;
    int* alive;
  };
  void give(ArrowSchema& to, int* alive) const {
    auto held = std::make_unique<Held>(Held{{}, {}, format, nullptr, nullptr, alive});
    ++*alive;
    if (dictionary) dictionary->give(*(held->schema = std::make_unique<ArrowSchema>()), alive);
    to = {held->format.c_str(), nullptr, nullptr, ARROW_FLAG_NULLABLE, 0, nullptr, held->schema.get(),
          [](ArrowSchema* s) {
            std::unique_ptr<Held> own(static_cast<Held*>(s->private_data));
            if (own->schema && own->schema->release) own->schema->release(own->schema.get());
            --*own->alive;
            s->release = nullptr;
          },
          nullptr};
    to.private_data = held.release();
  }
  void give(ArrowArray& to, int* alive) const {
    auto held = std::make_unique<Held>(Held{{}, {}, {}, nullptr, nullptr, alive});
    ++*alive;
    for (const auto& buffer : buffers) {
      held->bytes.push_back(buffer.value_or(Bytes()));
      held->bytes.back().reserve(1);  // bytes that are there have an address
    }
    for (std::size_t k = 0; k < buffers.size(); ++k) held->pointers.push_back(buffers[k] ? held->bytes[k].data() : nullptr);
    if (dictionary) dictionary->give(*(held->array = std::make_unique<ArrowArray>()), alive);
    to = {length, nulls, offset, static_cast<std::int64_t>(buffers.size()), 0, held->pointers.data(), nullptr, held->array.get(),
          [](ArrowArray* a) {
            std::unique_ptr<Held> own(static_cast<Held*>(a->private_data));
            if (own->array && own->array->release) own->array->release(own->array.get());
            --*own->alive;
            a->release = nullptr;
          },
          nullptr};
    to.private_data = held.release();
  }
};
struct Case {
  std::string name, values;
  GoldenArray array;
};

std::vector<Case> golden() {
  std::ifstream file(std::filesystem::path(__FILE__).parent_path() / "arrow_golden.txt");
  if (!file) throw std::runtime_error("arrow_golden.txt is missing");
  std::vector<Case> cases;
  GoldenArray* at = nullptr;
  for (std::string line; std::getline(file, line);) {
    const std::string word = line.substr(0, line.find(' ')), rest = line.substr(std::min(line.size(), word.size() + 1));
    if (word == "case") {
      cases.emplace_back();
      cases.back().name = rest;
      at = nullptr;
    } else if (word == "values") {
      cases.back().values = rest;
    } else if (word == "array") {
      if (at) at->dictionary = std::make_unique<GoldenArray>();
      at = at ? at->dictionary.get() : &cases.back().array;
      std::istringstream(rest) >> at->format >> at->length >> at->nulls >> at->offset;
    } else if (rest == "-") {
      at->buffers.emplace_back();
    } else {
      Bytes bytes;
      for (std::size_t i = 0; rest != "empty" && i + 1 < rest.size(); i += 2) bytes.push_back(static_cast<unsigned char>(std::stoi(rest.substr(i, 2), nullptr, 16)));
      at->buffers.emplace_back(std::move(bytes));
    }
  }
  return cases;
}

// As json.dumps of Python writes them.
std::string as_json(const Column& column) {
  std::string out = "[";
  const Column values = is_temporal(column.type()) ? column.cast(ColumnType::int64) : column;
  for (std::int64_t i = 0; i < values.size(); ++i) {
    const Value v = values.value(i);
    out += i ? ", " : "";
    if (v.is_null()) out += "null";
    else if (v.type() == ColumnType::string) out += "\"" + v.as<std::string>() + "\"";
    else if (v.type() == ColumnType::boolean) out += v.as<bool>() ? "true" : "false";
    else out += v.to_string();
  }
  return out + "]";
}

Column sent(const Column& column) {
  ArrowSchema schema;
  ArrowArray array;
  export_to_arrow(column, schema, array);
  return column_from_arrow(schema, array);
}

TEST(Arrow, ReadsWhatPyarrowGivesAwayAndLetsGoOfItInTheEnd) {
  const std::vector<Case> cases = golden();
  EXPECT_GE(cases.size(), 38u);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    int alive = 0;
    {
      ArrowSchema schema;
      ArrowArray array;
      c.array.give(schema, &alive);
      c.array.give(array, &alive);
      const Column column = column_from_arrow(schema, array);
      EXPECT_EQ(schema.release, nullptr);
      EXPECT_EQ(array.release, nullptr);
      EXPECT_EQ(as_json(column), c.values);
      EXPECT_EQ(column.type() == ColumnType::category, c.array.dictionary != nullptr);
      EXPECT_EQ(sent(column), column);
      EXPECT_EQ(sent(column.slice(column.size() / 2, column.size())), column.slice(column.size() / 2, column.size()));
    }
    EXPECT_EQ(alive, 0);
  }
}

TEST(Arrow, GivesAwayTheBytesThatPyarrowGives) {
  int compared = 0;
  for (const Case& c : golden()) {
    // What is stored the same way in both, from its beginning.
    static const char* const same[] = {"c", "s", "i", "l", "C", "S", "I", "L", "f", "g", "b", "U", "tDn", "tsn:UTC"};
    if (c.array.dictionary || c.array.offset || !c.array.length || std::find(std::begin(same), std::end(same), c.array.format) == std::end(same)) continue;
    SCOPED_TRACE(c.name);
    ++compared;
    int alive = 0;
    ArrowSchema schema;
    ArrowArray array;
    c.array.give(schema, &alive);
    c.array.give(array, &alive);
    const Column column = column_from_arrow(schema, array);
    export_to_arrow(column, schema, array);
    EXPECT_EQ(schema.format, c.array.format);
    EXPECT_EQ(array.length, c.array.length);
    EXPECT_EQ(array.null_count, c.array.nulls);
    ASSERT_EQ(array.n_buffers, static_cast<std::int64_t>(c.array.buffers.size()));
    for (std::size_t k = 0; k < c.array.buffers.size(); ++k) {
      ASSERT_EQ(array.buffers[k] != nullptr, c.array.buffers[k].has_value());
      if (!array.buffers[k]) continue;
      const auto* bytes = static_cast<const unsigned char*>(array.buffers[k]);
      EXPECT_EQ(Bytes(bytes, bytes + c.array.buffers[k]->size()), *c.array.buffers[k]) << "buffer " << k;
    }
    schema.release(&schema);
    array.release(&array);
  }
  EXPECT_GE(compared, 14);
}

TEST(Arrow, TablesComeBackAsTheyWentWhateverTheirSlices) {
  const std::uint64_t seed = 3;
  reference::Random random(seed);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    const std::int64_t n = random.below(50);
    std::vector<std::string> names;
    std::vector<Column> columns;
    for (std::int64_t c = random.below(6); c >= 0; --c) {
      const ColumnType type = random.type();
      names.push_back("c" + std::to_string(c));
      columns.push_back(random.column(type, random.values(type, n)));
      if (type == ColumnType::string && random.one_in(2)) columns.back() = columns.back().cast(ColumnType::category);
    }
    const Table table(names, columns);
    ArrowSchema schema;
    ArrowArray array;
    export_to_arrow(table, schema, array);
    // As a consumer may do: look at fewer rows.
    const std::int64_t from = random.below(n + 1);
    array.offset = from;
    array.length = n - from;
    EXPECT_EQ(table_from_arrow(schema, array), table.slice(from, n));
  }
}

TEST(Arrow, SaysWhatItDoesNotTake) {
  const auto message = [](GoldenArray golden) -> std::string {
    int alive = 0;
    std::string what = "nothing was thrown";
    try {
      ArrowSchema schema;
      ArrowArray array;
      golden.give(schema, &alive);
      golden.give(array, &alive);
      column_from_arrow(schema, array);
    } catch (const Error& e) {
      what = e.what();
    }
    EXPECT_EQ(alive, 0);
    return what;
  };
  using testing::HasSubstr;
  EXPECT_THAT(message({"+l", 1, 0, 0, {std::nullopt}, nullptr}), HasSubstr("no column of Arrow's format \"+l\""));
  EXPECT_THAT(message({"l", 1, 0, 0, {std::nullopt}, nullptr}), HasSubstr("not what it says: 1 buffers"));
  EXPECT_THAT(message({"l", 1, 0, 0, {std::nullopt, std::nullopt}, nullptr}), HasSubstr("no values"));
  EXPECT_THAT(message({"l", -1, 0, 0, {std::nullopt, std::nullopt}, nullptr}), HasSubstr("below zero"));
  EXPECT_THAT(message({"u", 1, 0, 0, {std::nullopt, Bytes{5, 0, 0, 0, 1, 0, 0, 0}, Bytes(8)}, nullptr}), HasSubstr("offsets that go back at row 0"));
  EXPECT_THAT(message({"tss:", 1, 0, 0, {std::nullopt, Bytes(8, 0x7f)}, nullptr}), HasSubstr("does not fit into nanoseconds"));
  EXPECT_THAT(message({"tsx:", 1, 0, 0, {std::nullopt, Bytes(8)}, nullptr}), HasSubstr("no unit of time 'x'"));
  GoldenArray outside{"c", 1, 0, 0, {std::nullopt, Bytes{3}}, std::make_unique<GoldenArray>()};
  *outside.dictionary = {"u", 1, 0, 0, {std::nullopt, Bytes{0, 0, 0, 0, 1, 0, 0, 0}, Bytes{'x'}}, nullptr};
  EXPECT_THAT(message(std::move(outside)), HasSubstr("code 3 of 1 categories"));
  ArrowSchema schema{};
  ArrowArray array{};
  EXPECT_THROW(column_from_arrow(schema, array), ValueError);
  export_to_arrow(Column(std::vector<double>{1}), schema, array);
  EXPECT_THROW(table_from_arrow(schema, array), TypeError);
  EXPECT_EQ(array.release, nullptr);
}

}  // namespace
}  // namespace ashlar

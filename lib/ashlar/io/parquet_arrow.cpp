// The only source that sees Arrow. Tables cross over through the Arrow C data interface (table/arrow.hpp).

#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include "ashlar/base/error.hpp"
#include "ashlar/io/parquet.hpp"
#include "ashlar/io/parquet_file_detail.hpp"
#include "ashlar/table/arrow.hpp"

namespace ashlar {

bool has_parquet() { return true; }

namespace io {

namespace {

[[noreturn]] void arrow_failed(const std::string& doing, const std::string& file, const std::string& why) { throw IoError("cannot " + doing + " \"" + file + "\": " + why); }

// Arrow says what fails by values, Parquet by exceptions: both become one error that names the file.
class Told {
 public:
  Told(const char* doing, const std::string& file) : doing_(doing), file_(file) {}
  void operator()(const arrow::Status& status) const {
    if (!status.ok()) arrow_failed(doing_, file_, status.ToString());
  }
  template <class T>
  T operator()(arrow::Result<T> result) const {
    (*this)(result.status());
    return std::move(result).ValueUnsafe();
  }
  template <class F>
  auto of(F&& what) const {
    try {
      return what();
    } catch (const parquet::ParquetException& e) {
      arrow_failed(doing_, file_, e.what());
    }
  }

 private:
  const char* doing_;
  const std::string& file_;
};

std::unique_ptr<parquet::arrow::FileReader> opened(const std::string& file, const Told& told) {
  const auto source = told(arrow::io::ReadableFile::Open(file));
  parquet::ArrowReaderProperties properties;
  // A task is one thread, and has the columns of its row groups in memory, not those of others.
  properties.set_use_threads(false);
  properties.set_pre_buffer(false);
  parquet::arrow::FileReaderBuilder builder;
  told(builder.Open(source));
  std::unique_ptr<parquet::arrow::FileReader> reader;
  told(builder.properties(properties)->Build(&reader));
  return reader;
}

// Arrow 24 gives a result where earlier ones fill a pointer.
template <class FileReader>
std::shared_ptr<arrow::Table> row_groups(FileReader& reader, const std::vector<int>& groups, const std::vector<int>& leaves, const Told& told) {
  if constexpr (requires { reader.ReadRowGroups(groups, leaves); }) {
    return told(reader.ReadRowGroups(groups, leaves));
  } else {
    std::shared_ptr<arrow::Table> read;
    told(reader.ReadRowGroups(groups, leaves, &read));
    return read;
  }
}

Table taken(const arrow::RecordBatch& batch, const Told& told) {
  ArrowArray array;
  ArrowSchema schema;
  told(arrow::ExportRecordBatch(batch, &array, &schema));
  return table_from_arrow(schema, array);
}

// What a field becomes here is asked of an array of its type that has no elements.
ParquetColumn described(const std::shared_ptr<arrow::Field>& field, const Told& told) {
  ParquetColumn out;
  out.name = field->name();
  out.missing = field->type()->id() == arrow::Type::NA;
  try {
    out.type = taken(*told(arrow::RecordBatch::MakeEmpty(arrow::schema({field}))), told).at(0).type();
  } catch (const TypeError&) {
    out.unsupported = "no column of a frame holds Arrow's " + field->type()->ToString();
  }
  return out;
}

arrow::Compression::type codec(const std::string& name) {
  if (name.empty()) return arrow::Compression::UNCOMPRESSED;
  for (const auto& [known, type] : {std::pair("snappy", arrow::Compression::SNAPPY), std::pair("gzip", arrow::Compression::GZIP), std::pair("zstd", arrow::Compression::ZSTD),
                                    std::pair("brotli", arrow::Compression::BROTLI), std::pair("lz4", arrow::Compression::LZ4)})
    if (name == known) return type;
  throw ValueError("to_parquet compresses with \"snappy\", \"gzip\", \"zstd\", \"brotli\", \"lz4\" or \"\" (not at all), found \"" + name + "\"");
}

}  // namespace

void require_parquet(const char*) {}

ParquetInfo parquet_info(const std::string& file) {
  const Told told("read", file);
  return told.of([&] {
    const auto reader = opened(file, told);
    std::shared_ptr<arrow::Schema> schema;
    told(reader->GetSchema(&schema));
    const auto metadata = reader->parquet_reader()->metadata();
    ParquetInfo info;
    for (int g = 0; g < metadata->num_row_groups(); ++g) info.rows.push_back(metadata->RowGroup(g)->num_rows());
    const auto& fields = reader->manifest().schema_fields;
    for (int c = 0; c < schema->num_fields(); ++c) {
      ParquetColumn column = described(schema->field(c), told);
      for (const ParquetColumn& other : info.columns)
        if (other.name == column.name) arrow_failed("read", file, "it has two columns \"" + column.name + "\"");
      const int leaf = fields[static_cast<std::size_t>(c)].column_index;
      if (leaf < 0 && column.unsupported.empty()) column.unsupported = "it is made of several columns";
      for (int g = 0; g < metadata->num_row_groups(); ++g)
        column.bytes.push_back(leaf < 0 ? 0 : metadata->RowGroup(g)->ColumnChunk(leaf)->total_uncompressed_size());
      info.columns.push_back(std::move(column));
    }
    return info;
  });
}

Table read_parquet_groups(const std::string& file, const std::vector<std::string>& names, std::int64_t first, std::int64_t count) {
  const Told told("read", file);
  return told.of([&] {
    const auto reader = opened(file, told);
    std::vector<int> leaves, groups;
    for (const std::string& name : names) {
      int leaf = -1;
      for (const auto& field : reader->manifest().schema_fields)
        if (field.field->name() == name) leaf = field.column_index;
      if (leaf < 0) arrow_failed("read", file, "it has no column \"" + name + "\" any more");
      leaves.push_back(leaf);
    }
    for (std::int64_t g = first; g < first + count; ++g) groups.push_back(static_cast<int>(g));
    const auto read = row_groups(*reader, groups, leaves, told);
    // Batch by batch: a batch never holds more text than offsets of 32 bits can say, and has one dictionary.
    std::vector<Table> parts;
    arrow::TableBatchReader batches(*read);
    std::shared_ptr<arrow::RecordBatch> batch;
    while (told(batches.ReadNext(&batch)), batch) parts.push_back(taken(*batch, told).select(names));
    if (parts.empty()) parts.push_back(taken(*told(arrow::RecordBatch::MakeEmpty(read->schema())), told).select(names));
    return parts.size() == 1 ? parts[0] : Table::concat(parts);
  });
}

void ParquetFormat::check() const {
  if (!arrow::util::Codec::IsAvailable(codec(compression)))
    throw ValueError("to_parquet cannot compress with \"" + compression + "\": this Arrow was built without it");
  if (compression_level != -1 && !arrow::util::Codec::SupportsCompressionLevel(codec(compression)))
    throw ValueError("to_parquet wants no compression_level with \"" + compression + "\", which has no levels; found " + std::to_string(compression_level));
}

void write_parquet_file(const std::string& file, const Table& rows, const ParquetFormat& format) {
  const Told told("write", file);
  told.of([&] {
    ArrowArray array;
    ArrowSchema schema;
    export_to_arrow(rows, schema, array);
    const auto batch = told(arrow::ImportRecordBatch(&array, &schema));
    const auto sink = told(arrow::io::FileOutputStream::Open(file));
    parquet::WriterProperties::Builder how;
    how.compression(codec(format.compression))->max_row_group_length(format.row_group_size);
    if (format.compression_level != -1) how.compression_level(static_cast<int>(format.compression_level));
    // With Arrow's schema in the file, durations and categories come back as such.
    const auto as = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    const auto writer = told(parquet::arrow::FileWriter::Open(*batch->schema(), arrow::default_memory_pool(), sink, how.build(), as));
    told(writer->WriteTable(*told(arrow::Table::FromRecordBatches({batch})), format.row_group_size));
    told(writer->Close());
    told(sink->Close());
  });
}

}  // namespace io
}  // namespace ashlar

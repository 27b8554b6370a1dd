// Parquet in a library that was built without Arrow: require_parquet comes first in every call and says so.

#include "ashlar/base/error.hpp"
#include "ashlar/io/parquet.hpp"
#include "ashlar/io/parquet_file_detail.hpp"

namespace ashlar {

bool has_parquet() { return false; }

namespace io {

void require_parquet(const char* who) {
  throw NotImplementedError(std::string(who) +
                            " needs Apache Arrow, and this Ashlar was built without it: configure it with -DASHLAR_ARROW=ON, and -DASHLAR_ARROW_ROOT=FOLDER "
                            "where Arrow and Parquet for C++ are not installed in a place that CMake knows (README.md, \"Parquet\")");
}

ParquetInfo parquet_info(const std::string&) { require_parquet("read_parquet"); return {}; }
Table read_parquet_groups(const std::string&, const std::vector<std::string>&, std::int64_t, std::int64_t) { require_parquet("read_parquet"); return {}; }
void ParquetFormat::check() const { require_parquet("to_parquet"); }
void write_parquet_file(const std::string&, const Table&, const ParquetFormat&) { require_parquet("to_parquet"); }

}  // namespace io
}  // namespace ashlar

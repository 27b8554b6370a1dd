// Frames written as CSV files, by the workers that hold the partitions.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/table/csv_write.hpp"

namespace ashlar {
namespace dataframe {
namespace {

// Partition i as one text: a table of one row.
class CsvTextOperation final : public OperationOf<CsvTextOperation> {
 public:
  CsvTextOperation(table::CsvFormat format, std::vector<std::string> columns) : format_(std::move(format)), columns_(std::move(columns)) {}
  void encode(Writer& out) const override {
    format_.encode(out);
    detail::encode_value(out, columns_);
  }
  static std::shared_ptr<const CsvTextOperation> decode(Reader& in) {
    auto format = table::CsvFormat::decode(in);
    return std::make_shared<CsvTextOperation>(std::move(format), detail::decode_value<std::vector<std::string>>(in));
  }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    table::CsvFormat format = format_;
    format.header = in.get<bool>();
    std::string text = table::write_csv(task.inputs.at(0).get<Table>().select(columns_), format);
    const auto nbytes = static_cast<std::int64_t>(text.size());
    return Object::of(Table({"text", "nbytes"}, {Column(std::vector<std::string>{std::move(text)}), Column(std::vector<std::int64_t>{nbytes})}));
  }

 private:
  table::CsvFormat format_;
  std::vector<std::string> columns_;
};

class CsvTextNode final : public LayerNode {
 public:
  table::CsvFormat format;
  bool one_file = false;
  std::vector<std::string> written;
  std::vector<Demand> demand(const std::vector<std::string>&) const override { return {written}; }
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const std::vector<std::string>&) const override {
    return std::make_shared<PlanLayer>(
        name, npartitions, std::make_shared<CsvTextOperation>(format, written),
        [tasks = inputs[0]](std::int64_t i, std::vector<TaskRef>& out) { out.push_back(tasks[static_cast<std::size_t>(i)]); },
        [header = format.header, one = one_file](std::int64_t i, Writer& out) { out.put(header && (!one || i == 0)); });
  }
};

// Where a text goes.
struct Place {
  std::string file;
  std::int64_t offset = 0;
};

void write_at(const Place& place, std::string_view text) {
  const auto failed = [&](const char* what) {
    const int error = errno;
    throw IoError(std::string(what) + " \"" + place.file + "\": " + std::strerror(error));
  };
  const int fd = ::open(place.file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) failed("cannot open for writing");
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::pwrite(fd, text.data() + done, text.size() - done, place.offset + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      ::close(fd);
      errno = error;
      failed("cannot write");
    }
    done += static_cast<std::size_t>(n);
  }
  if (::close(fd) != 0) failed("cannot write");
}

class WriteTextOperation final : public OperationOf<WriteTextOperation> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const WriteTextOperation> decode(Reader&) { return std::make_shared<WriteTextOperation>(); }
  Object run(TaskInput& task) const override {
    Reader in(task.payload);
    Place place;
    place.file = in.text();
    place.offset = in.get<std::int64_t>();
    write_at(place, task.inputs.at(0).get<Table>()["text"].text(0));
    return Object::of(Table({"written"}, {Column(std::vector<bool>{true})}));
  }
};

class WriteTextNode final : public LayerNode {
 public:
  std::vector<Place> places;
  std::vector<Demand> demand(const std::vector<std::string>&) const override { return {std::vector<std::string>{"text"}}; }
  std::shared_ptr<const Layer> layer(const std::vector<std::vector<TaskRef>>& inputs, const std::vector<std::string>&) const override {
    return std::make_shared<PlanLayer>(
        name, npartitions, std::make_shared<WriteTextOperation>(),
        [tasks = inputs[0]](std::int64_t i, std::vector<TaskRef>& out) { out.push_back(tasks[static_cast<std::size_t>(i)]); },
        [all = places](std::int64_t i, Writer& out) {
          out.text(all[static_cast<std::size_t>(i)].file);
          out.put(all[static_cast<std::size_t>(i)].offset);
        });
  }
};

char one_character(const std::string& text, const char* option) {
  if (text.size() != 1) throw ValueError(std::string("to_csv wants one character as ") + option + ", found \"" + text + "\"");
  return text[0];
}

// A file of no bytes, made by whoever asks for it: what was there is gone, and the place can be written to.
void make_empty(const std::string& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) throw IoError("cannot open for writing \"" + file + "\": " + std::strerror(errno));
  ::close(fd);
}

}  // namespace
}  // namespace dataframe

std::vector<std::string> to_csv(const DataFrame& frame, const std::string& path, const ToCsvOptions& options) {
  using namespace dataframe;
  auto text = std::make_shared<CsvTextNode>();
  text->format.sep = one_character(options.sep, "sep");
  text->format.quotechar = one_character(options.quotechar, "quotechar");
  text->format.na_rep = options.na_rep;
  text->format.header = options.header;
  text->format.check();
  text->one_file = options.single_file;
  text->written = options.columns.v.empty() ? frame.columns() : options.columns.v;
  for (const std::string& name : text->written)
    if (!frame.node()->table().contains(name)) unknown_column(name, frame.columns());
  if (text->written.empty()) throw ValueError("to_csv wants at least one column, the frame has none");
  text->name = "to-csv";
  text->token = text->rows = new_token();
  text->npartitions = frame.npartitions();
  text->inputs = {frame.node()};
  text->sample = Table::empty({"text", "nbytes"}, {ColumnType::string, ColumnType::int64});

  // Files: one, or one for each partition, numbered with as many digits as the last needs.
  std::vector<std::string> files;
  const auto star = path.find('*');
  if (options.single_file) {
    if (star != std::string::npos) throw ValueError("to_csv with .single_file wants the name of one file, found \"" + path + "\"");
    files.push_back(path);
  } else {
    const std::size_t width = std::to_string(frame.npartitions() - 1).size();
    for (std::int64_t i = 0; i < frame.npartitions(); ++i) {
      std::string number = std::to_string(i);
      number.insert(0, width - number.size(), '0');
      files.push_back(star == std::string::npos ? path + "/" + number + ".part" : path.substr(0, star) + number + path.substr(star + 1));
    }
  }
  const DataFrame texts = DataFrame(text).persist();
  std::vector<Place> places;
  if (options.single_file) {
    std::int64_t offset = 0;
    for (const std::int64_t n : texts[Names{"nbytes"}].compute().column<std::int64_t>("nbytes")) {
      places.push_back({path, offset});
      offset += n;
    }
  } else {
    for (const std::string& file : files) places.push_back({file, 0});
  }
  for (const std::string& file : files) make_empty(file);
  auto write = std::make_shared<WriteTextNode>();
  write->name = "write-csv";
  write->token = write->rows = new_token();
  write->npartitions = frame.npartitions();
  write->inputs = {texts.node()};
  write->sample = Table::empty({"written"}, {ColumnType::boolean});
  write->places = std::move(places);
  try {
    DataFrame(write).compute();
  } catch (const TaskError& e) {
    if (e.where().type == "IoError") throw IoError(e.where().message);
    throw;
  }
  return files;
}

std::vector<std::string> DataFrame::to_csv(const std::string& path, const ToCsvOptions& options) const { return ashlar::to_csv(*this, path, options); }
std::vector<std::string> Series::to_csv(const std::string& path, const ToCsvOptions& options) const { return ashlar::to_csv(to_frame(), path, options); }
std::vector<std::string> Series::to_csv(const std::string& path) const { return ashlar::to_csv(to_frame(), path); }

}  // namespace ashlar

// Structure as Dask prints it: names, types and partitions; nothing is computed.

#include <algorithm>

#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {
namespace {

constexpr std::size_t line_width = 80;

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}
std::string right(const std::string& text, std::size_t width) { return std::string(width - std::min(width, width_of(text)), ' ') + text; }
std::string left(const std::string& text, std::size_t width) { return text + std::string(width - std::min(width, width_of(text)), ' '); }

// One line per border between partitions, the middle ones left out.
std::int64_t rows_shown(std::int64_t npartitions) { return std::min<std::int64_t>(npartitions, 4); }

std::string graph_line(const dataframe::PlanNode& node, std::int64_t layers) {
  return "Name: " + node.name + ", " + std::to_string(layers) + (layers == 1 ? " graph layer" : " graph layers");
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const DataFrame& frame) {
  const std::string corner = "npartitions=" + std::to_string(frame.npartitions());
  const auto types = frame.dtypes();
  std::vector<std::string> names = frame.columns(), type_names;
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < names.size(); ++c) {
    type_names.emplace_back(name(types[c]));
    widths.push_back(std::max({width_of(names[c]), type_names[c].size(), std::size_t{3}}));
  }
  out << "Ashlar DataFrame Structure:\n";
  // Columns that do not fit into a line go below, as pandas wraps.
  std::size_t first = 0;
  do {
    std::size_t last = first, used = corner.size();
    while (last < names.size() && (last == first || used + 1 + widths[last] <= line_width - 2)) used += 1 + widths[last++];
    const bool more = last < names.size();
    std::string line = std::string(corner.size(), ' ');
    for (std::size_t c = first; c < last; ++c) line += " " + right(names[c], widths[c]);
    out << line << (more ? " \\\n" : "\n") << corner << '\n';
    for (std::int64_t r = 0; r <= rows_shown(frame.npartitions()); ++r) {
      line = std::string(corner.size(), ' ');
      for (std::size_t c = first; c < last; ++c) line += " " + right(r == 0 ? type_names[c] : "...", widths[c]);
      out << line << '\n';
    }
    if (more) out << '\n';
    first = last;
  } while (first < names.size());
  return out << graph_line(*frame.node(), dataframe::graph_layers(frame.node()));
}

std::ostream& operator<<(std::ostream& out, const Series& series) {
  const std::string corner = "npartitions=" + std::to_string(series.npartitions());
  out << "Ashlar Series Structure:\n" << corner << '\n';
  for (std::int64_t r = 0; r <= rows_shown(series.npartitions()); ++r)
    out << left("", corner.size()) << " "
        << right(r == 0 ? std::string(name(series.dtype())) : "...", std::max<std::size_t>(3, name(series.dtype()).size())) << '\n';
  if (!series.name().empty()) out << "Name: " << series.name() << ", ";
  out << "dtype: " << name(series.dtype()) << '\n';
  return out << graph_line(*series.node(), dataframe::graph_layers(series.node()));
}

std::ostream& operator<<(std::ostream& out, const Scalar<Value>& scalar) {
  return out << "ashlar.Scalar<" << scalar.node()->name << ", dtype=" << name(scalar.dtype()) << ">";
}

}  // namespace ashlar

#include "chart.hpp"

#include <algorithm>
#include <fstream>

namespace report {
namespace {

std::ofstream opened(const std::string& file) {
  std::ofstream out(file);
  if (!out) throw ashlar::IoError("cannot write " + file);
  return out;
}

void closed(std::ofstream& out, const std::string& file) {
  out.close();
  if (!out) throw ashlar::IoError("cannot write all of " + file);
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

void write_bars(const std::string& file, const std::string& title, const std::vector<Bar>& bars) {
  constexpr double width = 900, height = 420, left = 20, top = 50, bottom = 90;
  double highest = 1;
  for (const Bar& bar : bars) highest = std::max(highest, bar.value);
  const double step = (width - 2 * left) / static_cast<double>(std::max<std::size_t>(bars.size(), 1)),
               unit = (height - top - bottom) / highest;
  std::ofstream out = opened(file);
  out << R"(<svg xmlns="http://www.w3.org/2000/svg" width=")" << width << R"(" height=")" << height
      << R"(" font-family="sans-serif" font-size="11">)" << '\n'
      << R"(<rect width="100%" height="100%" fill="white"/>)" << '\n'
      << R"(<text x=")" << left << R"(" y="28" font-size="16">)" << escaped(title) << "</text>\n";
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const double x = left + step * static_cast<double>(i), length = bars[i].value * unit, y = height - bottom - length,
                 middle = x + step / 2;
    out << R"(<rect x=")" << x + step * 0.1 << R"(" y=")" << y << R"(" width=")" << step * 0.8 << R"(" height=")" << length
        << R"(" fill="#b5442e"/>)" << '\n'
        << R"(<text text-anchor="middle" x=")" << middle << R"(" y=")" << y - 4 << R"(">)" << bars[i].value << "</text>\n"
        << R"~(<text text-anchor="end" transform="translate()~" << middle + 4 << ' ' << height - bottom + 14 << R"~() rotate(-45)">)~"
        << escaped(bars[i].label) << "</text>\n";
  }
  out << "</svg>\n";
  closed(out, file);
}

void write_csv(const std::string& file, const ashlar::Table& table) {
  std::ofstream out = opened(file);
  const auto field = [&](const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
      out << text;
      return;
    }
    out << '"';
    for (const char c : text) {
      if (c == '"') out << '"';
      out << c;
    }
    out << '"';
  };
  for (std::int64_t c = 0; c < table.ncols(); ++c) {
    if (c) out << ',';
    field(table.columns()[static_cast<std::size_t>(c)]);
  }
  out << '\n';
  for (std::int64_t row = 0; row < table.nrows(); ++row) {
    for (std::int64_t c = 0; c < table.ncols(); ++c) {
      if (c) out << ',';
      if (const ashlar::Value value = table.at(c).value(row); !value.is_null()) field(value.to_string());
    }
    out << '\n';
  }
  closed(out, file);
}

}  // namespace report

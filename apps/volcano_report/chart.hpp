#pragma once
// A bar chart as SVG, and a table as CSV.

#include <string>
#include <vector>

#include "ashlar/ashlar.hpp"

namespace report {

struct Bar {
  std::string label;
  double value = 0;
};

/// One bar each, from left to right, with its label below and its value above.
/// Errors    IoError when the file cannot be written.
void write_bars(const std::string& file, const std::string& title, const std::vector<Bar>& bars);

/// Quotes where a text needs them; a missing value is an empty field.
/// Errors    IoError when the file cannot be written.
void write_csv(const std::string& file, const ashlar::Table& table);

}  // namespace report

// Two tables of the Smithsonian Institution's Global Volcanism Program, joined: which countries erupt, and when.
//
//   volcano_report --volcanoes volcano.csv --eruptions eruptions.csv --output report        (or under mpirun)

#include <filesystem>
#include <iostream>

#include "command_line/command_line.hpp"
#include "chart.hpp"

namespace al = ashlar;

namespace {

struct Report {
  al::Table countries, centuries, countries_and_centuries;
};

Report computed(const std::string& volcano_file, const std::string& eruption_file, std::int64_t npartitions) {
  const al::DataFrame volcanoes = al::read_csv(volcano_file, {.na_values = {"Unknown"}});
  const al::DataFrame all = al::read_csv(eruption_file).repartition({.npartitions = npartitions});
  const al::DataFrame eruptions = all[all["eruption_category"] != "Discredited Eruption"];

  al::DataFrame joined = eruptions[{"volcano_number", "start_year", "vei"}].merge(volcanoes[{"volcano_number", "country", "elevation"}],
                                                                                  {.on = {"volcano_number"}});
  joined = joined[joined["start_year"].notna()];
  joined = joined.assign("century", al::floor_divide(joined["start_year"], 100) * 100);

  const auto countries = joined.groupby({"country"})
                             .agg({{"start_year", {"count", "min", "max"}}, {"vei", {"mean", "median"}}, {"volcano_number", "nunique"}})
                             .rename({.columns = {{"start_year_count", "eruptions"},
                                                  {"start_year_min", "first_year"},
                                                  {"start_year_max", "last_year"},
                                                  {"volcano_number_nunique", "volcanoes"}}})
                             .sort_values({"eruptions", "country"}, {.ascending = {false, true}});
  const auto centuries =
      joined.groupby({"century"}).agg({{"start_year", "count"}, {"vei", "max"}}).rename({.columns = {{"start_year_count", "eruptions"}}});
  const auto both = joined.groupby({"country", "century"}).size().rename({.columns = {{"size", "eruptions"}}});
  const auto [a, b, c] = al::compute(countries, centuries, both);
  return {a, b, c};
}

std::vector<report::Bar> bars(const al::Table& table, const std::string& label) {
  std::vector<report::Bar> out;
  const auto& counts = table.column<std::int64_t>("eruptions");
  for (std::int64_t row = 0; row < table.nrows(); ++row)
    out.push_back({table[label].value(row).to_string(), static_cast<double>(counts[static_cast<std::size_t>(row)])});
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client&) {
    command_line::CommandLine options("Eruptions by country and by century");
    std::string volcanoes, eruptions, output = "volcano-report";
    std::int64_t npartitions = 4;
    options.add("--volcanoes", &volcanoes, "volcano.csv", {.kind = command_line::Wanted::existing_file, .required = true});
    options.add("--eruptions", &eruptions, "eruptions.csv", {.kind = command_line::Wanted::existing_file, .required = true});
    options.add("--output", &output, "folder for tables and charts");
    options.add("--npartitions", &npartitions, "partitions of the eruptions; the numbers do not depend on it");
    if (const auto code = options.parse(argc, argv)) return *code;

    const Report r = computed(volcanoes, eruptions, npartitions);
    std::filesystem::create_directories(output);
    report::write_csv(output + "/by_country.csv", r.countries);
    report::write_csv(output + "/by_century.csv", r.centuries);
    report::write_csv(output + "/by_country_and_century.csv", r.countries_and_centuries);
    report::write_bars(output + "/by_century.svg", "Eruptions by century (the last twenty)", bars(r.centuries.tail(20), "century"));
    report::write_bars(output + "/by_country.svg", "Eruptions by country (the first twenty)", bars(r.countries.head(20), "country"));
    std::cout << "Countries with the most eruptions\n"
              << r.countries.head(10) << "\n\nThe last ten centuries\n"
              << r.centuries.tail(10) << "\n\nWritten to " << output << '\n';
    return 0;
  });
}

// A cluster, and a table from a CSV file.
#include <unistd.h>

#include "tour.hpp"

namespace tour {

void cluster(al::Client& client) {
  chapter("A cluster");
  say("Rank 0 runs this program and schedules; the other ranks are its workers. Without mpirun, threads of this process are.");
  PRINT(client);
  PRINT(client.nthreads());

  say("A function can be run once on every worker: their process numbers, by rank.");
  STEP(std::map<int, int> processes = client.run([](al::WorkerContext&) { return static_cast<int>(::getpid()); }));
  for (const auto& [rank, process] : processes) result("rank " + std::to_string(rank) + ": process " + std::to_string(process));
}

void dataframe(const Options& options) {
  const std::string& csv = options.csv;
  chapter("A table from a CSV file");

  say("Types are those of the whole column; \"Unknown\" is a missing year. What is printed is the structure: no row is here yet.");
  STEP(auto df = al::read_csv(csv, {.na_values = {"Unknown"}}));
  STEP(df = df.repartition({.npartitions = 4}));
  PRINT(df);

  say("The first rows are computed when somebody asks for them.");
  PRINT(df[{"volcano_name", "country", "last_eruption_year", "elevation"}].head());

  say("How many volcanoes, and when did the oldest known eruption happen? Partitions are reduced where they lie.");
  PRINT(df.len());
  PRINT(df["last_eruption_year"].min().compute());

  say("Which countries have the most?");
  STEP(al::Table frequent = df["country"].value_counts().head(5));
  PRINT(frequent);
  std::string in_one_line;
  for (std::int64_t i = 0; i < frequent.nrows(); ++i) {
    const std::string separator = i == 0 ? "" : ", ";
    in_one_line += separator + frequent.column<std::string>("country")[i] + " " + std::to_string(frequent.column<std::int64_t>("count")[i]);
  }
  result("most frequent: " + in_one_line);

  say("How high are they there? A group-by with several functions, sorted by the number of volcanoes.");
  STEP(auto by_country = df.groupby({"country"}).agg({{"volcano_name", "count"}, {"elevation", "mean"}, {"elevation", "max"}}));
  PRINT(by_country.sort_values({"volcano_name_count"}, {.ascending = {false}}).head(5));

  say("Filters and new columns are expressions, too. Here the highest that are known to have erupted since 1900:");
  STEP(auto recent = df[df["last_eruption_year"] >= 1900]);
  STEP(recent = recent.assign("feet", (recent["elevation"] * 3.28084).round()));
  PRINT(recent[{"volcano_name", "country", "last_eruption_year", "elevation", "feet"}].nlargest(3, {"elevation"}).compute());
}

}  // namespace tour

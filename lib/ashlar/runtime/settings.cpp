#include "ashlar/runtime/settings.hpp"

#include <sched.h>
#include <unistd.h>

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "ashlar/base/error.hpp"
#include "ashlar/base/options.hpp"

namespace ashlar {
namespace {

struct Setting {
  std::string name;  // with dashes: "memory-limit"
  std::string meaning, default_text;
  std::function<void(Settings&, const std::string&)> set;
  bool flag = false;
};

int positive_integer(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1) throw ValueError("a positive integer was wanted, found \"" + text + "\"");
  return value;
}

// "GPU=2,disk=0.5", in the order of names, in millionths.
std::vector<std::pair<std::string, std::int64_t>> resources(const std::string& text) {
  std::map<std::string, std::int64_t> amounts;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto equals = part.find('=');
    const std::string name = part.substr(0, equals), number = equals == std::string::npos ? "" : part.substr(equals + 1);
    double amount = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), amount);
    if (name.empty() || name.find(' ') != std::string::npos || error != std::errc{} || end != number.data() + number.size() || !(amount > 0) || amount > 1e9)
      throw ValueError("resources as in GPU=2,disk=0.5 were wanted, found \"" + part + "\"");
    if (!amounts.emplace(name, std::max<std::int64_t>(std::llround(amount * 1e6), 1)).second) throw ValueError("the resource " + name + " is given twice");
  }
  return {amounts.begin(), amounts.end()};
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = {
      {"config", "TOML file with settings by these names", "none", [](Settings&, const std::string&) {}},
      {"threads", "threads of each worker that run tasks", "the rank's share of the cores", [](Settings& s, const std::string& v) { s.threads = positive_integer(v); }},
      {"memory-limit", "bytes of results each worker may hold, e.g. 4GiB", "60 % of the rank's share of the memory",
       [](Settings& s, const std::string& v) { s.memory_limit = std::max<std::int64_t>(parse_bytes(v), 1); }},
      {"resources", "abstract resources of each worker, of which tasks say what they take, e.g. GPU=2,disk=0.5", "none",
       [](Settings& s, const std::string& v) { s.resources = resources(v); }},
      {"shutdown-patience", "how long the end of the program waits for running tasks, e.g. 30s", "30s",
       [](Settings& s, const std::string& v) { s.shutdown_patience_s = Seconds::parse(v); }},
      {"outcome-file", "file that the exit code is written to as well", "none", [](Settings& s, const std::string& v) { s.outcome_file = v; }},
      {"help", "prints the settings and ends", "", [](Settings& s, const std::string&) { s.help = true; }, true},
  };
  return all;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

const Setting& find(const std::string& name, const std::string& as_written) {
  for (const Setting& s : settings())
    if (s.name == name) return s;
  std::vector<std::pair<std::size_t, std::string>> near;
  // A name cut short is nearer than any misspelling.
  for (const Setting& s : settings()) near.emplace_back(name.size() > 2 && s.name.rfind(name, 0) == 0 ? 0 : edit_distance(name, s.name), s.name);
  std::sort(near.begin(), near.end());
  throw KeyError(as_written + ": there is no such setting; nearest: --ashlar-" + near[0].second + ", --ashlar-" + near[1].second + " (--ashlar-help lists all)");
}

void apply(Settings& to, const std::string& name, const std::string& value, const std::string& as_written) {
  const Setting& setting = find(name, as_written);
  try {
    setting.set(to, value);
  } catch (const ValueError& e) {
    throw ValueError(as_written + ": " + e.what());
  }
}

void read_file(Settings& to, const std::string& file) {
  if (access(file.c_str(), R_OK) != 0) throw IoError("--ashlar-config: cannot read " + file);
  toml::table table;
  try {
    table = toml::parse_file(file);
  } catch (const toml::parse_error& e) {
    std::ostringstream text;
    text << file << " line " << e.source().begin.line << ": " << e.description();
    throw ValueError(text.str());
  }
  for (const auto& [key, node] : table) {
    std::string name(key.str());
    std::replace(name.begin(), name.end(), '_', '-');
    std::ostringstream value;
    if (const auto* text = node.as_string()) value << text->get();
    else if (const auto* integer = node.as_integer()) value << integer->get();
    else if (const auto* real = node.as_floating_point()) value << real->get();
    else throw ValueError(file + ": " + name + " must be a string or a number");
    apply(to, name, value.str(), file + ": " + name);
  }
}

extern "C" char** environ;

}  // namespace

Settings read_settings(int& argc, char**& argv) {
  struct Given {
    std::string name, value, as_written;
  };
  std::vector<Given> arguments, variables;
  int kept = argc > 0 ? 1 : 0;
  bool only_others = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    only_others |= word == "--";
    if (only_others || word.rfind("--ashlar-", 0) != 0) {
      argv[kept++] = argv[i];
      continue;
    }
    const auto equals = word.find('=');
    const std::string name = word.substr(9, equals == std::string::npos ? std::string::npos : equals - 9), shown = "--ashlar-" + name;
    const Setting& setting = find(name, shown);
    if (equals != std::string::npos) arguments.push_back({name, word.substr(equals + 1), shown});
    else if (setting.flag) arguments.push_back({name, "", shown});
    else if (i + 1 < argc) arguments.push_back({name, argv[++i], shown});
    else throw ValueError(shown + ": a value is missing");
  }
  for (char** variable = environ; *variable; ++variable) {
    const std::string text = *variable;
    if (text.rfind("ASHLAR_", 0) != 0) continue;
    const auto equals = text.find('=');
    std::string name = text.substr(7, equals - 7);
    const std::string shown = "ASHLAR_" + name;
    for (char& c : name) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    // Other programs have variables of their own that begin like ours: only known names count.
    for (const Setting& s : settings())
      if (s.name == name && name != "help") variables.push_back({name, text.substr(equals + 1), shown});
  }

  Settings result;
  std::string file;
  for (const Given& g : variables)
    if (g.name == "config") file = g.value;
  for (const Given& g : arguments)
    if (g.name == "config") file = g.value;
  if (!file.empty()) read_file(result, file);
  for (const Given& g : variables) apply(result, g.name, g.value, g.as_written);
  for (const Given& g : arguments) apply(result, g.name, g.value, g.as_written);
  argc = kept;
  if (argv) argv[argc] = nullptr;
  return result;
}

std::string settings_help() {
  std::ostringstream text;
  text << "Settings (--ashlar-NAME=VALUE, or ASHLAR_NAME in the environment, or NAME in the TOML file of --ashlar-config):\n";
  for (const Setting& s : settings()) {
    text << "  --ashlar-" << s.name << (s.flag ? "" : "=…") << "\n      " << s.meaning;
    if (!s.default_text.empty()) text << " (default: " << s.default_text << ")";
    text << '\n';
  }
  return text.str();
}

int available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  // A container's quota, as "max 100000" or "200000 100000".
  std::ifstream quota("/sys/fs/cgroup/cpu.max");
  std::string limit;
  double period = 0;
  if (quota >> limit >> period && limit != "max" && period > 0) cores = std::min(cores, std::max(1, static_cast<int>(std::atof(limit.c_str()) / period)));
  return std::max(cores, 1);
}

std::int64_t available_memory() {
  std::int64_t bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    std::int64_t limit = 0;
    if (file >> limit && limit > 0) bytes = std::min(bytes, limit);
  }
  return bytes;
}

}  // namespace ashlar

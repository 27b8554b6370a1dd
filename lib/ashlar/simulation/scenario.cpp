#include "ashlar/simulation/scenario.hpp"

#include <toml++/toml.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>

#include "ashlar/base/error.hpp"
#include "ashlar/base/options.hpp"
#include "ashlar/simulation/policy_text.hpp"

namespace ashlar::simulation {
namespace {

// ---- values: a number, or text with a unit

using Node = toml::node;
using Setter = std::function<void(const Node&)>;
using Setters = std::map<std::string, Setter, std::less<>>;

double number(const Node& node) {
  if (const auto* real = node.as_floating_point()) return real->get();
  if (const auto* integer = node.as_integer()) return static_cast<double>(integer->get());
  throw ValueError("a number was wanted");
}
std::int64_t integer(const Node& node) {
  if (const auto* value = node.as_integer()) return value->get();
  throw ValueError("an integer was wanted");
}
std::string text(const Node& node) {
  if (const auto* value = node.as_string()) return value->get();
  throw ValueError("text in quotes was wanted");
}
/// "30 us", "2s"; a plain number is nanoseconds.
std::int64_t duration(const Node& node) {
  if (node.is_number()) return static_cast<std::int64_t>(number(node));
  return static_cast<std::int64_t>(std::llround(Seconds::parse(text(node)) * 1e9));
}
/// "8 MB", "1GiB"; a plain number is bytes.
std::int64_t nbytes(const Node& node) { return node.is_number() ? static_cast<std::int64_t>(number(node)) : parse_bytes(text(node)); }
/// "10 GB/s"; a plain number is bytes per ns.
double bandwidth(const Node& node) {
  if (node.is_number()) return number(node);
  const std::string words = text(node);
  const auto slash = words.rfind("/s");
  if (slash == std::string::npos || slash + 2 != words.size()) throw ValueError("a bandwidth is given as \"10 GB/s\", found \"" + words + "\"");
  return static_cast<double>(parse_bytes(words.substr(0, slash))) / 1e9;
}

template <class T>
T positive(T value) {
  if (!(value > 0)) throw ValueError("a value above 0 was wanted, found " + std::to_string(value));
  return value;
}
template <class T>
T not_negative(T value) {
  if (!(value >= 0)) throw ValueError("a value that is not negative was wanted, found " + std::to_string(value));
  return value;
}

// ---- a scenario's names

class Parser {
 public:
  explicit Parser(std::string file) : file_(std::move(file)) {}

  Scenario parse(std::string_view source) {
    toml::table table;
    try {
      table = toml::parse(source, file_);
    } catch (const toml::parse_error& e) {
      throw ValueError(file_ + " line " + std::to_string(e.source().begin.line) + ": " + std::string(e.description()));
    }
    read(table, "", top());
    if (!seeded_client_) s_.client.seed = s_.graph.seed + 2;
    if (!seeded_network_) s_.cluster.network.seed = s_.graph.seed + 1;
    return std::move(s_);
  }

 private:
  // Each name of `table` has a setter, or the scenario is wrong.
  void read(const toml::table& table, const std::string& where, const Setters& setters) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str()), path = where.empty() ? name : where + "." + name;
      const auto it = setters.find(name);
      if (it == setters.end()) {
        std::string all;
        for (const auto& [known, setter] : setters) all += (all.empty() ? "" : ", ") + known;
        throw KeyError(at(node) + path + " is no name of a scenario: wanted one of " + all);
      }
      try {
        it->second(node);
      } catch (const KeyError& e) {
        throw located<KeyError>(node, path, e);
      } catch (const ValueError& e) {
        throw located<ValueError>(node, path, e);
      }
    }
  }
  std::string at(const Node& node) const { return file_ + " line " + std::to_string(node.source().begin.line) + ": "; }
  // The innermost table knows the place best: an error that has one is passed on.
  template <class E>
  E located(const Node& node, const std::string& path, const Error& e) const {
    const std::string what = e.what();
    return E(what.rfind(file_ + " line ", 0) == 0 ? what : at(node) + path + ": " + what);
  }

  Setter table_of(const std::string& where, Setters setters) {
    return [this, where, setters = std::move(setters)](const Node& node) {
      const auto* table = node.as_table();
      if (!table) throw ValueError("a table, [" + where + "], was wanted");
      read(*table, where, setters);
    };
  }
  /// [[name]] as often as there are such faults.
  template <class Fault>
  Setter list_of(const std::string& where, std::vector<Fault>& faults, std::function<Setters(Fault&)> setters) {
    return [this, where, &faults, setters = std::move(setters)](const Node& node) {
      const auto* array = node.as_array();
      if (!array) throw ValueError("a list of tables, [[" + where + "]], was wanted");
      for (const Node& element : *array) {
        const auto* table = element.as_table();
        if (!table) throw ValueError("a list of tables, [[" + where + "]], was wanted");
        Fault fault;
        read(*table, where, setters(fault));
        faults.push_back(fault);
      }
    };
  }

  Setters top() {
    ClusterOptions& c = s_.cluster;
    NetworkOptions& n = c.network;
    GraphOptions& g = s_.graph;
    ClientOptions& l = s_.client;
    Checks& k = s_.checks;
    const auto as_int = [](std::int64_t value) { return static_cast<int>(value); };
    Setters all;
    all["about"] = [this](const Node& v) { s_.about = text(v); };
    all["seed"] = [&g](const Node& v) { g.seed = static_cast<std::uint64_t>(integer(v)); };
    all["cluster"] = table_of("cluster", {
        {"workers", [=, &c](const Node& v) { c.workers = as_int(positive(integer(v))); }},
        {"threads", [=, &c](const Node& v) { c.threads = as_int(positive(integer(v))); }},
        {"memory", [&c](const Node& v) { c.memory_limit = not_negative(nbytes(v)); }},
        {"in_flight", [&c](const Node& v) { c.flight_limit = not_negative(nbytes(v)); }},
        {"scheduler_event", [&c](const Node& v) { c.scheduler_event_ns = not_negative(duration(v)); }},
        {"check_every", [&c](const Node& v) { c.check_every = not_negative(integer(v)); }},
    });
    all["network"] = table_of("network", {
        {"latency", [&n](const Node& v) { n.latency_ns = not_negative(duration(v)); }},
        {"jitter", [&n](const Node& v) { n.jitter_ns = not_negative(duration(v)); }},
        {"bandwidth", [&n](const Node& v) { n.bytes_per_ns = positive(bandwidth(v)); }},
        {"message", [&n](const Node& v) { n.message_ns = not_negative(duration(v)); }},
        {"small", [&n](const Node& v) { n.small_nbytes = not_negative(nbytes(v)); }},
        {"workers_per_node", [=, &n](const Node& v) { n.workers_per_node = as_int(positive(integer(v))); }},
        {"local_latency", [&n](const Node& v) { n.local_latency_ns = not_negative(duration(v)); }},
        {"local_bandwidth", [&n](const Node& v) { n.local_bytes_per_ns = positive(bandwidth(v)); }},
        {"seed", [this, &n](const Node& v) { n.seed = static_cast<std::uint64_t>(integer(v)), seeded_network_ = true; }},
    });
    all["graph"] = table_of("graph", {
        {"pattern", [&g](const Node& v) { g.kind = graph_kind(text(v)); }},
        {"tasks", [&g](const Node& v) { g.tasks = positive(integer(v)); }},
        {"width", [&g](const Node& v) { g.width = not_negative(integer(v)); }},
        {"task", [&g](const Node& v) { g.task_ns = not_negative(duration(v)); }},
        {"durations", [&g](const Node& v) { g.durations = distribution(text(v)); }},
        {"result", [&g](const Node& v) { g.nbytes = not_negative(nbytes(v)); }},
        {"sizes", [&g](const Node& v) { g.sizes = distribution(text(v)); }},
        {"fetch", [&g](const Node& v) {
           const auto* value = v.as_boolean();
           if (!value) throw ValueError("true or false was wanted");
           g.fetch = value->get();
         }},
        {"throws_one_in", [=, &g](const Node& v) { g.throws_one_in = as_int(not_negative(integer(v))); }},
        {"throwing", [this](const Node& v) {
           const auto* array = v.as_array();
           if (!array) throw ValueError("a list of task numbers was wanted");
           for (const Node& element : *array) s_.throwing.push_back(not_negative(integer(element)));
         }},
    });
    all["client"] = table_of("client", {
        {"pieces", [&l](const Node& v) { l.pieces = positive(integer(v)); }},
        {"interval", [&l](const Node& v) { l.interval_ns = not_negative(duration(v)); }},
        {"span", [&l](const Node& v) { l.span_ns = not_negative(duration(v)); }},
        {"release_one_in", [=, &l](const Node& v) { l.release_one_in = as_int(not_negative(integer(v))); }},
        {"ask_one_in", [=, &l](const Node& v) { l.ask_one_in = as_int(not_negative(integer(v))); }},
        {"copy_one_in", [=, &l](const Node& v) { l.copy_one_in = as_int(not_negative(integer(v))); }},
        {"cancel_one_in", [=, &l](const Node& v) { l.cancel_one_in = as_int(not_negative(integer(v))); }},
        {"seed", [this, &l](const Node& v) { l.seed = static_cast<std::uint64_t>(integer(v)), seeded_client_ = true; }},
    });
    Setters policy;
    for (const std::string& field : policy_names()) policy[field] = [&c, field](const Node& v) { set(c.policy, field, number(v)); };
    all["policy"] = table_of("policy", std::move(policy));
    all["detection"] = [&c](const Node& v) { c.faults.detection_ns = not_negative(duration(v)); };
    all["lost"] = list_of<FaultPlan::Loss>("lost", c.faults.losses, [=](FaultPlan::Loss& f) -> Setters {
      return {{"worker", [=, &f](const Node& v) { f.worker = as_int(integer(v)); }},
              {"at", [&f](const Node& v) { f.at_ns = not_negative(duration(v)); }},
              {"event", [&f](const Node& v) { f.at_event = not_negative(integer(v)); }}};
    });
    all["slow"] = list_of<FaultPlan::Slow>("slow", c.faults.slow_workers, [=](FaultPlan::Slow& f) -> Setters {
      return {{"worker", [=, &f](const Node& v) { f.worker = as_int(integer(v)); }},
              {"factor", [&f](const Node& v) { f.factor = positive(integer(v)); }},
              {"from", [&f](const Node& v) { f.from_ns = not_negative(duration(v)); }}};
    });
    // In scenarios links are between workers by their numbers; -1 is rank 0.
    const auto participant = [](const Node& v) {
      const std::int64_t worker = integer(v);
      if (worker < -1) throw ValueError("a worker, or -1 for rank 0, was wanted, found " + std::to_string(worker));
      return static_cast<int>(worker) + 1;
    };
    all["slow_link"] = list_of<NetworkOptions::SlowLink>("slow_link", n.slow_links, [=](NetworkOptions::SlowLink& f) -> Setters {
      return {{"from", [=, &f](const Node& v) { f.from = participant(v); }},
              {"to", [=, &f](const Node& v) { f.to = participant(v); }},
              {"factor", [&f](const Node& v) { f.factor = positive(integer(v)); }}};
    });
    all["delayed"] = list_of<NetworkOptions::Delay>("delayed", n.delays, [=](NetworkOptions::Delay& f) -> Setters {
      return {{"from", [=, &f](const Node& v) { f.from = participant(v); }},
              {"to", [=, &f](const Node& v) { f.to = participant(v); }},
              {"message", [&f](const Node& v) { f.message = not_negative(integer(v)); }},
              {"by", [&f](const Node& v) { f.by_ns = not_negative(duration(v)); }}};
    });
    all["checks"] = table_of("checks", {
        {"makespan_over_bound", [&k](const Node& v) { k.makespan_over_bound = number(v); }},
        {"busy", [&k](const Node& v) { k.busy = number(v); }},
        {"rank_0_busy", [&k](const Node& v) { k.rank_0_busy = number(v); }},
        {"makespan", [&k](const Node& v) { k.makespan_ns = duration(v); }},
        {"peak", [&k](const Node& v) { k.peak_nbytes = nbytes(v); }},
        {"moved", [&k](const Node& v) { k.moved_nbytes = nbytes(v); }},
        {"finished", [&k](const Node& v) { k.finished = integer(v); }},
        {"erred", [&k](const Node& v) { k.erred = integer(v); }},
        {"finished_min", [&k](const Node& v) { k.finished_min = integer(v); }},
        {"erred_max", [&k](const Node& v) { k.erred_max = integer(v); }},
    });
    return all;
  }

  std::string file_;
  Scenario s_;
  bool seeded_client_ = false, seeded_network_ = false;
};

std::string shown(double value) {
  std::ostringstream text;
  text.precision(4);
  text << value;
  return text.str();
}

}  // namespace

Scenario parse_scenario(std::string_view text, const std::string& file) { return Parser(file).parse(text); }

Scenario read_scenario(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw IoError("cannot read the scenario " + file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return parse_scenario(text, file);
}

ScenarioOutcome run(const Scenario& scenario) {
  Graph graph = make_graph(scenario.graph);
  for (const std::int64_t task : scenario.throwing) {
    if (task >= graph.size())
      throw ValueError("graph.throwing: task " + std::to_string(task) + " is not there, the graph has " + std::to_string(graph.size()));
    graph.tasks[static_cast<std::size_t>(task)].throws = true;
  }
  const double threads = static_cast<double>(scenario.cluster.workers) * scenario.cluster.threads;
  ScenarioOutcome result;
  result.bound = bound(graph);
  result.bound_ns = result.bound.makespan_ns(static_cast<std::int64_t>(threads));
  result.outcome = SimulatedCluster(scenario.cluster, std::move(graph), scenario.client).run();
  const Outcome& o = result.outcome;
  const double makespan = static_cast<double>(o.makespan_ns);
  result.makespan_over_bound = result.bound_ns > 0 ? makespan / static_cast<double>(result.bound_ns) : 0;
  result.busy = makespan > 0 ? static_cast<double>(o.work_ns) / (makespan * threads) : 0;

  result.failures = o.faults;
  const auto at_most = [&](const char* what, const auto& most, double is) {
    if (most && is > static_cast<double>(*most))
      result.failures.push_back(std::string(what) + ": wanted at most " + shown(static_cast<double>(*most)) + ", found " + shown(is));
  };
  const auto at_least = [&](const char* what, const auto& least, double is) {
    if (least && is < static_cast<double>(*least))
      result.failures.push_back(std::string(what) + ": wanted at least " + shown(static_cast<double>(*least)) + ", found " + shown(is));
  };
  const auto exactly = [&](const char* what, const std::optional<std::int64_t>& wanted, std::int64_t is) {
    if (wanted && is != *wanted)
      result.failures.push_back(std::string(what) + ": wanted " + std::to_string(*wanted) + ", found " + std::to_string(is));
  };
  const Checks& k = scenario.checks;
  at_most("makespan_over_bound", k.makespan_over_bound, result.makespan_over_bound);
  at_least("busy", k.busy, result.busy);
  at_most("rank_0_busy", k.rank_0_busy, makespan > 0 ? static_cast<double>(o.rank_0_ns) / makespan : 0);
  at_most("makespan", k.makespan_ns, makespan);
  at_most("peak", k.peak_nbytes, static_cast<double>(o.peak_bytes));
  at_most("moved", k.moved_nbytes, static_cast<double>(o.moved_bytes));
  exactly("finished", k.finished, o.finished);
  exactly("erred", k.erred, o.erred);
  at_least("finished", k.finished_min, static_cast<double>(o.finished));
  at_most("erred", k.erred_max, static_cast<double>(o.erred));
  return result;
}

}  // namespace ashlar::simulation

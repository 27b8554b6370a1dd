#include "ashlar/runtime/predict.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace ashlar {
namespace {

constexpr std::int64_t megabyte = 1 << 20;

class Idle final : public OperationOf<Idle> {
 public:
  void encode(Writer&) const override {}
  static std::shared_ptr<const Idle> decode(Reader&) { return std::make_shared<Idle>(); }
  Object run(TaskInput&) const override { throw std::logic_error("nothing runs on paper"); }
};

std::shared_ptr<ListedLayer> layer(const char* name) { return std::make_shared<ListedLayer>(name, std::make_shared<Idle>()); }

std::vector<WorkerInfo> workers(int count, std::int64_t budget) { return {static_cast<std::size_t>(count), WorkerInfo{"here", 1, 1, budget}}; }

// `count` blocks of a megabyte, summed in pairs of pairs to 8 bytes each; `again`: each block is needed once more after the whole sum.
struct Reduction {
  TaskGraph graph;
  std::vector<TaskRef> wanted;
  Reduction(int count, bool again) {
    auto blocks = layer("blocks"), sums = layer("sums"), centred = layer("centred");
    std::vector<TaskRef> level;
    for (int i = 0; i < count; ++i) level.push_back({0, blocks->add({}, megabyte)});
    const std::vector<TaskRef> all = level;
    while (level.size() > 1) {
      std::vector<TaskRef> next;
      for (std::size_t i = 0; i < level.size(); i += 4)
        next.push_back({1, sums->add(std::span(level).subspan(i, std::min<std::size_t>(4, level.size() - i)), 8)});
      level = std::move(next);
    }
    wanted = level;
    if (again) {
      wanted.clear();
      for (const TaskRef& block : all) {
        const TaskRef inputs[] = {block, level[0]};
        wanted.push_back({2, centred->add(inputs, megabyte)});
      }
    }
    graph.layers = {blocks, sums, centred};
  }
};

TEST(Predict, a_reduction_needs_few_blocks_at_a_time_whatever_its_length) {
  const Reduction one(64, false), two(1024, false);
  const Prediction small = predict_on(workers(2, 1024 * megabyte), one.graph, one.wanted, {}), large = predict_on(workers(2, 1024 * megabyte), two.graph, two.wanted, {});
  EXPECT_GE(small.peak_bytes, 4 * megabyte);
  EXPECT_LT(large.peak_bytes, 40 * megabyte);
  EXPECT_EQ(large.spilled_bytes, 0);
  EXPECT_EQ(large.needed_bytes, large.peak_bytes);
  EXPECT_EQ(large.unknown_tasks, 0);
  EXPECT_EQ(large.tasks, 1024 + 256 + 64 + 16 + 4 + 1);
}

TEST(Predict, what_passes_twice_over_all_blocks_goes_to_scratch_beyond_the_budget) {
  const Reduction twice(200, true);
  const Prediction p = predict_on(workers(2, 20 * megabyte), twice.graph, twice.wanted, {});
  EXPECT_LE(p.peak_bytes, 22 * megabyte);
  EXPECT_GE(p.spilled_bytes, (200 - 2 * 20) * megabyte);
  EXPECT_GE(p.needed_bytes, 100 * megabyte);
  EXPECT_LE(p.needed_bytes, 210 * megabyte);
  const Prediction enough = predict_on(workers(2, 2 * p.needed_bytes), twice.graph, twice.wanted, {});
  EXPECT_EQ(enough.spilled_bytes, 0);
}

TEST(Predict, persisted_results_stay) {
  const Reduction twice(40, true);
  const auto budget = workers(1, 1024 * megabyte);
  EXPECT_GE(predict_on(budget, twice.graph, twice.wanted, {.persist = true}).peak_bytes, 40 * megabyte);
}

TEST(Predict, unknown_sizes_are_counted_and_said) {
  auto calls = layer("call");
  std::vector<TaskRef> wanted;
  for (int i = 0; i < 3; ++i) wanted.push_back({0, calls->add({})});
  TaskGraph graph;
  graph.layers = {calls};
  const Prediction p = predict_on(workers(1, 1024 * megabyte), graph, wanted, {});
  EXPECT_EQ(p.unknown_tasks, 3);
  EXPECT_GE(p.peak_bytes, megabyte);
  std::ostringstream text;
  text << p;
  EXPECT_NE(text.str().find("3 tasks, 3 of unknown size"), std::string::npos) << text.str();
}

TEST(Predict, without_a_client_all_results_are_kept) {
  const Reduction one(64, false);
  const Prediction p = detail::predict_graph(one.graph, one.wanted, {});
  EXPECT_EQ(p.peak_bytes, 64 * megabyte + 8 * (16 + 4 + 1));
  EXPECT_EQ(p.budget_bytes, 0);
}

}  // namespace
}  // namespace ashlar

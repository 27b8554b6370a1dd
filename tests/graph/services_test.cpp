#include "ashlar/graph/services.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ashlar/base/error.hpp"
#include "ashlar/graph/run_here.hpp"
#include "graph/adding_operation.hpp"

using namespace ashlar;
using ashlar::test::AddLayer;

namespace {

GraphBuilder chain(int n) {
  GraphBuilder builder;
  auto layer = std::make_shared<AddLayer>("inc");
  layer->add({}, 0);
  for (std::int64_t i = 1; i < n; ++i) layer->add({{0, i - 1}}, 1);
  builder.add(layer);
  return builder;
}

template <class Kind>
std::string message(const std::function<void()>& call) {
  try {
    call();
  } catch (const Kind& e) {
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace

TEST(ToDot, draws_circles_for_tasks_boxes_for_results_and_edges_from_input_to_use) {
  GraphBuilder builder;
  auto inc = std::make_shared<AddLayer>("inc"), add = std::make_shared<AddLayer>("say \"add\"");
  inc->add({}, 1);
  inc->add({}, 1);  // nobody wants it
  const TaskRef outside = builder.input(local_evaluator().scatter({Object::of(std::int64_t{1})}).front());
  add->add({{0, 0}, outside}, 0);
  builder.add(inc);
  builder.add(add);
  const std::vector<TaskRef> wanted = {{1, 0}};
  EXPECT_EQ(to_dot(std::move(builder).take(), wanted, {.rankdir = "LR"}),
            "digraph {\n"
            "  rankdir=LR\n"
            "  node [fontname=\"helvetica\"]\n"
            "  i0 [shape=box label=\"scattered\"]\n"
            "  t0 [shape=circle label=\"inc\"]\n"
            "  r0 [shape=box label=\"inc-0\"]\n"
            "  t0 -> r0\n"
            "  t1 [shape=circle label=\"say \\\"add\\\"\"]\n"
            "  r1 [shape=box label=\"say \\\"add\\\"-0\"]\n"
            "  t1 -> r1\n"
            "  r0 -> t1\n"
            "  i0 -> t1\n"
            "}\n");
}

TEST(ToDot, is_the_same_every_time) {
  const std::vector<TaskRef> wanted = {{0, 9}};
  EXPECT_EQ(to_dot(std::move(chain(10)).take(), wanted, {.color = "order"}), to_dot(std::move(chain(10)).take(), wanted, {.color = "order"}));
}

TEST(ToDot, colours_by_order_or_with_one_colour) {
  const std::vector<TaskRef> wanted = {{0, 2}};
  const std::string by_order = to_dot(chain(3).take(), wanted, {.color = "order"});
  EXPECT_NE(by_order.find("0.660 0.55 1.0"), std::string::npos);
  EXPECT_NE(by_order.find("0.000 0.55 1.0"), std::string::npos);
  EXPECT_NE(to_dot(chain(3).take(), wanted, {.color = "#ff8800"}).find("fillcolor=\"#ff8800\""), std::string::npos);
  EXPECT_EQ(to_dot(chain(3).take(), wanted, {}).find("fillcolor"), std::string::npos);
}

TEST(ToDot, refuses_directions_that_graphviz_does_not_have) {
  const std::vector<TaskRef> wanted = {{0, 0}};
  EXPECT_THROW(to_dot(chain(1).take(), wanted, {.rankdir = "UP"}), ValueError);
}

TEST(Visualize, refuses_more_nodes_than_the_limit) {
  const std::vector<TaskRef> wanted = {{0, 3199}};
  EXPECT_EQ(message<ValueError>([&] { visualize(chain(3200), wanted, "x.dot", {}); }),
            "the graph has 6400 nodes, the limit is 2000: draw a smaller piece, or raise .max_nodes to draw it all the same");
  EXPECT_FALSE(std::filesystem::exists("x.dot"));
}

TEST(Visualize, draws_more_nodes_than_the_limit_when_told_to) {
  const auto file = std::filesystem::temp_directory_path() / ("ashlar_visualize_" + std::to_string(getpid()) + ".dot");
  const std::vector<TaskRef> wanted = {{0, 3199}};
  visualize(chain(3200), wanted, file.string(), {.max_nodes = 10000});
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), to_dot(chain(3200).take(), wanted, {}));
  std::filesystem::remove(file);
}

TEST(Visualize, takes_the_format_from_the_name_unless_it_is_given) {
  std::string format;
  const auto keep = services().render;
  services().render = [&](const std::string&, const std::string&, const std::string& f) { format = f; };
  const std::vector<TaskRef> wanted = {{0, 0}};
  visualize(chain(1), wanted, "a/b.SVG", {});
  EXPECT_EQ(format, "svg");
  visualize(chain(1), wanted, "a/b.svg", {.format = "png"});
  EXPECT_EQ(format, "png");
  services().render = keep;
}

TEST(Visualize, refuses_formats_it_does_not_know) {
  const std::vector<TaskRef> wanted = {{0, 0}};
  EXPECT_EQ(message<ValueError>([&] { visualize(chain(1), wanted, "x.docx", {}); }), "graphs are drawn as svg, png, pdf or dot, not as \"docx\"");
  EXPECT_THROW(visualize(chain(1), wanted, "x", {}), ValueError);
  EXPECT_THROW(visualize(chain(1), wanted, "x.svg", {.format = "jpeg2000"}), ValueError);
}

TEST(Visualize, says_what_is_missing_where_nobody_can_draw) {
  const std::vector<TaskRef> wanted = {{0, 0}};
  EXPECT_THROW(visualize(chain(1), wanted, "x.svg", {}), NotImplementedError);
  EXPECT_THROW(visualize(chain(1), wanted, "/no/such/folder/x.dot", {}), IoError);
}

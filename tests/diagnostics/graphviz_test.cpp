#include "ashlar/diagnostics/graphviz.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "ashlar/base/error.hpp"
#include "ashlar/delayed/delayed.hpp"

namespace al = ashlar;

namespace {

class Graphviz : public ::testing::Test {
 protected:
  Graphviz() {
    std::filesystem::create_directory(folder_);
    al::install_diagnostics();
  }
  ~Graphviz() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("ashlar_graphviz_" + std::to_string(getpid()));
};

std::string contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}
std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}
al::Delayed<int> example() {
  auto inc = al::delayed([](int x) { return x + 1; });
  auto add = al::delayed([](int a, int b) { return a + b; });
  return add(inc(1), inc(2));
}

}  // namespace

TEST_F(Graphviz, draws_svg_with_a_node_per_task_and_per_result) {
  example().visualize(file("z.svg"), {.rankdir = "LR"});
  const std::string svg = contents(file("z.svg"));
  EXPECT_EQ(svg.substr(0, 5), "<?xml");
  EXPECT_EQ(occurrences(svg, "class=\"node\""), 6u);
  EXPECT_EQ(occurrences(svg, "class=\"edge\""), 5u);
  EXPECT_EQ(occurrences(svg, "<ellipse"), 3u);
  EXPECT_NE(svg.find("</svg>"), std::string::npos);
}

TEST_F(Graphviz, draws_png_and_pdf) {
  example().visualize(file("z.png"));
  EXPECT_EQ(contents(file("z.png")).substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_GT(std::filesystem::file_size(file("z.png")), 1000u);
  example().visualize(file("z.pdf"));
  EXPECT_EQ(contents(file("z.pdf")).substr(0, 5), "%PDF-");
}

TEST_F(Graphviz, the_format_may_differ_from_the_name) {
  example().visualize(file("drawing"), {.format = "svg", .color = "order"});
  EXPECT_EQ(contents(file("drawing")).substr(0, 5), "<?xml");
  example().visualize(file("z.dot"));
  EXPECT_EQ(contents(file("z.dot")).substr(0, 7), "digraph");
}

TEST_F(Graphviz, says_what_is_wrong_with_text_format_and_file) {
  EXPECT_THROW(al::render_graph("this is no graph {", file("x.svg"), "svg"), al::ValueError);
  EXPECT_THROW(al::render_graph("digraph { a -> b }", file("x.svg"), "nonsense"), al::ValueError);
  EXPECT_THROW(al::render_graph("digraph { a -> b }", "/no/such/folder/x.svg", "svg"), al::IoError);
  EXPECT_THROW(example().visualize(file("x.docx")), al::ValueError);
  al::render_graph("digraph { a -> b }", file("after.svg"), "svg");
  EXPECT_EQ(occurrences(contents(file("after.svg")), "class=\"node\""), 2u) << "an error leaves nothing behind";
}

TEST_F(Graphviz, draws_for_several_threads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) example().visualize(file(std::to_string(t) + ".svg"));
    });
  for (auto& thread : threads) thread.join();
  for (int t = 0; t < 4; ++t) EXPECT_EQ(occurrences(contents(file(std::to_string(t) + ".svg")), "class=\"node\""), 6u);
}

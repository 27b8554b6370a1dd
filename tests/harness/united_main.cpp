// main() of several test files in one program. The argument --tests-of=FOLDER/FILE runs those of one file, as if it were a program of its own;
// without it all run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace {

bool is_of(const testing::TestInfo& test, std::string_view file) {
  const std::string_view path = test.file();
  return path == file || path.ends_with("/" + std::string(file));
}

/// What --gtest_filter names the tests of a file by; empty when there are none.
std::string filter_of(std::string_view file) {
  std::string filter;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j)
      if (const testing::TestInfo& test = *suite.GetTestInfo(j); is_of(test, file))
        filter.append(filter.empty() ? "" : ":").append(suite.name()).append(".").append(test.name());
  }
  return filter;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  constexpr std::string_view option = "--tests-of=";
  if (argc == 1) return RUN_ALL_TESTS();
  if (argc != 2 || !std::string_view(argv[1]).starts_with(option)) {
    std::fprintf(stderr, "%s: wanted --tests-of=FOLDER/FILE or nothing, found %s\n", argv[0], argv[1]);
    return 2;
  }
  const std::string_view file = std::string_view(argv[1]).substr(option.size());
  if (GTEST_FLAG_GET(filter) == "*") {
    const std::string filter = filter_of(file);
    if (filter.empty()) {
      std::fprintf(stderr, "%s: there are no tests of %.*s in it\n", argv[0], static_cast<int>(file.size()), file.data());
      return 2;
    }
    GTEST_FLAG_SET(filter, filter);
  }
  return RUN_ALL_TESTS();
}

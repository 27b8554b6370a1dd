#include "ashlar/runtime/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "ashlar/base/error.hpp"

namespace ashlar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Arguments as main gets them.
class Arguments {
 public:
  explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {
    words_.insert(words_.begin(), "app");
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
    argc = static_cast<int>(words_.size());
    argv = pointers_.data();
  }
  std::vector<std::string> left() const { return {argv, argv + argc}; }
  int argc;
  char** argv;

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

Settings read(std::vector<std::string> words) {
  Arguments arguments(std::move(words));
  return read_settings(arguments.argc, arguments.argv);
}

template <class E>
std::string message_of(std::vector<std::string> words) {
  try {
    read(std::move(words));
  } catch (const E& e) {
    return e.what();
  }
  return "nothing was thrown";
}

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

class File {
 public:
  explicit File(const std::string& text) : path_(std::filesystem::temp_directory_path() / ("ashlar-test-settings-" + std::to_string(getpid()) + ".toml")) {
    std::ofstream(path_) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  std::string option() const { return "--ashlar-config=" + path_.string(); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(Settings, without_any_source_are_the_defaults) {
  const Settings settings = read({});

  EXPECT_EQ(settings.threads, 0);
  EXPECT_EQ(settings.memory_limit, 0);
  EXPECT_EQ(settings.shutdown_patience_s, 30);
  EXPECT_FALSE(settings.help);
  EXPECT_EQ(settings.outcome_file, "");
}

TEST(Settings, are_taken_out_of_the_arguments_and_nothing_else_is) {
  Arguments arguments({"in.csv", "--ashlar-threads=3", "-v", "--ashlar-memory-limit", "2GiB", "--threads=9", "out"});

  const Settings settings = read_settings(arguments.argc, arguments.argv);

  EXPECT_EQ(settings.threads, 3);
  EXPECT_EQ(settings.memory_limit, std::int64_t{2} << 30);
  EXPECT_THAT(arguments.left(), ElementsAre("app", "in.csv", "-v", "--threads=9", "out"));
  EXPECT_EQ(arguments.argv[arguments.argc], nullptr);
}

TEST(Settings, behind_two_dashes_belong_to_the_program) {
  Arguments arguments({"--ashlar-threads=2", "--", "--ashlar-threads=3", "--ashlar-nonsense"});

  EXPECT_EQ(read_settings(arguments.argc, arguments.argv).threads, 2);
  EXPECT_THAT(arguments.left(), ElementsAre("app", "--", "--ashlar-threads=3", "--ashlar-nonsense"));
}

TEST(Settings, given_twice_are_what_was_given_last) { EXPECT_EQ(read({"--ashlar-threads=2", "--ashlar-threads=5"}).threads, 5); }

TEST(Settings, come_from_file_then_environment_then_arguments) {
  const File file("threads = 2\nmemory_limit = \"1MiB\"\nshutdown-patience = 1.5\n");
  EXPECT_EQ(read({file.option()}).threads, 2);
  EXPECT_EQ(read({file.option()}).memory_limit, 1 << 20);
  EXPECT_EQ(read({file.option()}).shutdown_patience_s, 1.5);

  const Variable threads("ASHLAR_THREADS", "3");
  const Settings over_file = read({file.option()});
  EXPECT_EQ(over_file.threads, 3);
  EXPECT_EQ(over_file.memory_limit, 1 << 20);

  EXPECT_EQ(read({"--ashlar-threads=4", file.option()}).threads, 4);
}

TEST(Settings, find_their_file_through_the_environment_too) {
  const File file("threads = 6");
  const Variable config("ASHLAR_CONFIG", file.path().c_str());

  EXPECT_EQ(read({}).threads, 6);
}

TEST(Settings, leave_variables_of_others_alone) {
  const Variable other("ASHLAR_HOME", "/somewhere");

  EXPECT_NO_THROW(read({}));
}

TEST(Settings, resources_are_named_amounts_in_the_order_of_names) {
  using Resources = std::vector<std::pair<std::string, std::int64_t>>;
  EXPECT_EQ(read({"--ashlar-resources=disk=0.5,GPU=2"}).resources, (Resources{{"GPU", 2'000'000}, {"disk", 500'000}}));
  EXPECT_TRUE(read({}).resources.empty());
  for (const char* bad : {"GPU", "GPU=", "=2", "GPU=0", "GPU=-1", "GPU=two", "GPU=1;disk=2", "a b=1"})
    EXPECT_THAT(message_of<ValueError>({std::string("--ashlar-resources=") + bad}), HasSubstr("resources as in GPU=2,disk=0.5 were wanted, found \"")) << bad;
  EXPECT_THAT(message_of<ValueError>({"--ashlar-resources=GPU=1,GPU=2"}), HasSubstr("the resource GPU is given twice"));
}

TEST(Settings, that_do_not_exist_name_the_nearest_ones) {
  EXPECT_THAT(message_of<KeyError>({"--ashlar-thread=2"}), HasSubstr("--ashlar-thread: there is no such setting; nearest: --ashlar-threads"));
  EXPECT_THAT(message_of<KeyError>({"--ashlar-memory"}), HasSubstr("--ashlar-memory-limit"));
  const File file("thread = 2");
  EXPECT_THAT(message_of<KeyError>({file.option()}), HasSubstr("thread: there is no such setting; nearest: --ashlar-threads"));
}

TEST(Settings, with_values_that_do_not_fit_say_where_and_what) {
  EXPECT_EQ(message_of<ValueError>({"--ashlar-threads=two"}), "--ashlar-threads: a positive integer was wanted, found \"two\"");
  EXPECT_EQ(message_of<ValueError>({"--ashlar-threads=0"}), "--ashlar-threads: a positive integer was wanted, found \"0\"");
  EXPECT_EQ(message_of<ValueError>({"--ashlar-threads=2x"}), "--ashlar-threads: a positive integer was wanted, found \"2x\"");
  EXPECT_THAT(message_of<ValueError>({"--ashlar-memory-limit=much"}), HasSubstr("--ashlar-memory-limit: "));
  EXPECT_THAT(message_of<ValueError>({"--ashlar-memory-limit=-1GiB"}), HasSubstr("--ashlar-memory-limit: "));
  EXPECT_THAT(message_of<ValueError>({"--ashlar-shutdown-patience=soon"}), HasSubstr("--ashlar-shutdown-patience: "));
  EXPECT_THAT(message_of<ValueError>({"--ashlar-threads"}), HasSubstr("--ashlar-threads: a value is missing"));
  const Variable threads("ASHLAR_THREADS", "");
  EXPECT_THAT(message_of<ValueError>({}), HasSubstr("ASHLAR_THREADS: "));
}

TEST(Settings, in_a_file_that_is_not_there_or_not_toml_say_so) {
  EXPECT_THAT(message_of<IoError>({"--ashlar-config=/nowhere/a.toml"}), HasSubstr("/nowhere/a.toml"));
  const File broken("threads = 2\nmemory-limit = = 3\n");
  EXPECT_THAT(message_of<ValueError>({broken.option()}), HasSubstr("line 2"));
  const File table("[threads]\nn = 2\n");
  EXPECT_THAT(message_of<ValueError>({table.option()}), HasSubstr("threads must be a string or a number"));
}

TEST(Settings, are_all_in_the_help_text) {
  EXPECT_TRUE(read({"--ashlar-help"}).help);
  for (const char* name : {"--ashlar-config=", "--ashlar-threads=", "--ashlar-memory-limit=", "--ashlar-resources=", "--ashlar-shutdown-patience=", "--ashlar-outcome-file=", "--ashlar-help"})
    EXPECT_THAT(settings_help(), HasSubstr(name));
}

TEST(Settings, memory_is_given_in_bytes_or_as_a_part_of_the_share) {
  EXPECT_EQ(read({"--ashlar-memory-limit=2GiB"}).memory_limit, std::int64_t{2} << 30);
  EXPECT_EQ(read({"--ashlar-memory-limit=2GiB", "--ashlar-memory-limit=25%"}).memory_limit, 0);
  EXPECT_EQ(read({"--ashlar-memory-limit=25%"}).memory_share, 0.25);
  EXPECT_EQ(read({"--ashlar-memory-pause=90%"}).pause_share, 0.9);
  EXPECT_EQ(read({"--ashlar-memory-pause=1MB"}).memory_pause, 1'000'000);
  for (const char* wrong : {"0%", "101%", "x%", "%", "nan%"})
    EXPECT_THAT(message_of<ValueError>({std::string("--ashlar-memory-limit=") + wrong}), HasSubstr("from 0% to 100% was wanted, found \"" + std::string(wrong))) << wrong;
}

TEST(Settings, scratch_must_be_a_folder_one_can_write_to) {
  EXPECT_EQ(read({"--ashlar-scratch=/tmp"}).scratch, "/tmp");
  EXPECT_THAT(message_of<IoError>({"--ashlar-scratch=/nowhere"}), HasSubstr("--ashlar-scratch: a folder that can be written to was wanted, found \"/nowhere\": No such file"));
  const File file("");
  EXPECT_THAT(message_of<IoError>({"--ashlar-scratch=" + file.path()}), HasSubstr("Not a directory"));
}

TEST(Settings, oversized_tasks_err_or_run) {
  EXPECT_FALSE(read({}).run_oversized);
  EXPECT_TRUE(read({"--ashlar-oversized-tasks=run"}).run_oversized);
  EXPECT_THAT(message_of<ValueError>({"--ashlar-oversized-tasks=yes"}), HasSubstr("error or run was wanted, found \"yes\""));
}

}  // namespace
}  // namespace ashlar

// Temporary names, the rename, and who may remove what.

#include "ashlar/hdf5/final_name.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <set>

#include "ashlar/base/error.hpp"
#include "hdf5/scratch.hpp"

namespace ashlar::hdf5 {
namespace {

using scratch::Folder;
using scratch::read_text;
using scratch::write_text;

struct FinalName : testing::Test {
  Folder folder{"final-name-" + std::to_string(getpid())};
};

/// The name a process of this machine would have made; the process runs `fn` and is then killed.
std::string name_of_killed_process(const std::string& final_path, bool zombie = false) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return "";
  const pid_t child = fork();
  if (child == 0) {
    const std::string name = temporary_name(final_path);
    write_text(name, "half of it");
    if (write(pipe_ends[1], name.data(), name.size()) < 0) _exit(1);
    kill(getpid(), SIGKILL);
  }
  close(pipe_ends[1]);
  char name[4096];
  const auto length = read(pipe_ends[0], name, sizeof name);
  close(pipe_ends[0]);
  siginfo_t info;
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | (zombie ? WNOWAIT : 0));
  return {name, static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
}

TEST_F(FinalName, temporary_names_are_hidden_in_the_same_folder_and_all_different) {
  std::set<std::string> names;
  for (int i = 0; i < 100; i++) names.insert(temporary_name(folder / "out.h5"));
  EXPECT_EQ(names.size(), 100u);
  for (const auto& name : names) {
    EXPECT_EQ(scratch::fs::path(name).parent_path(), scratch::fs::path(folder / "out.h5").parent_path());
    EXPECT_TRUE(scratch::fs::path(name).filename().string().starts_with(".out.h5~"));
  }
  EXPECT_TRUE(folder.names().empty()) << "nothing is created";
}

TEST_F(FinalName, publish_replaces_the_old_file_and_keeps_its_permissions) {
  const std::string path = folder / "out.h5", temporary = temporary_name(path);
  write_text(path, "old");
  chmod(path.c_str(), 0640);
  write_text(temporary, "new");
  EXPECT_EQ(read_text(path), "old");

  publish(temporary, path);

  EXPECT_EQ(read_text(path), "new");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"out.h5"});
  struct stat s {};
  stat(path.c_str(), &s);
  EXPECT_EQ(s.st_mode & 0777, 0640u);
}

TEST_F(FinalName, a_symbolic_link_stays_and_its_target_is_replaced) {
  scratch::fs::create_directory(folder / "real");
  write_text(folder / "real/out.h5", "old");
  scratch::fs::create_symlink(folder / "real/out.h5", folder / "link.h5");

  const std::string temporary = temporary_name(folder / "link.h5");
  write_text(temporary, "new");
  publish(temporary, folder / "link.h5");

  EXPECT_TRUE(scratch::fs::is_symlink(folder / "link.h5"));
  EXPECT_EQ(read_text(folder / "real/out.h5"), "new");
}

TEST_F(FinalName, says_why_a_name_cannot_be_written) {
  scratch::fs::create_directory(folder / "folder");
  for (const auto& [path, why] : {std::pair{folder / "none/out.h5", "No such file or directory"},
                                  {folder / "folder", "not a regular file"},
                                  {std::string("/dev/null"), "not a regular file"},
                                  {folder / "none/", "not the name of a file"}})
    try {
      temporary_name(path);
      FAIL() << path;
    } catch (const IoError& e) {
      EXPECT_NE(std::string(e.what()).find(why), std::string::npos) << e.what();
    }
  EXPECT_THROW(publish(folder / "none", folder / "out.h5"), IoError);
  EXPECT_NO_THROW(discard(folder / "none"));
}

TEST_F(FinalName, leftovers_of_killed_processes_are_removed_and_nothing_else) {
  const std::string path = folder / "out.h5", mine = temporary_name(path), other = folder / ".out.h5~elsewhere~00000000~1~1~1~0~ashlar";
  const std::string another_final = name_of_killed_process(folder / "out.h5~x");
  write_text(path, "old");
  write_text(mine, "still being written");
  write_text(other, "another machine's");
  write_text(folder / ".out.h5", "a file of the user");
  write_text(folder / ".out.h5~ashlar", "another");
  const std::string dead = name_of_killed_process(path), zombie = name_of_killed_process(path, true);
  ASSERT_TRUE(scratch::fs::exists(dead) && scratch::fs::exists(zombie));
  write_text(dead + ".locktest.1", "");
  write_text(dead + "x", "");
  write_text(mine + ".locktest.0", "");

  EXPECT_EQ(remove_leftovers(path), 3);

  EXPECT_FALSE(scratch::fs::exists(dead));
  EXPECT_FALSE(scratch::fs::exists(zombie));
  EXPECT_FALSE(scratch::fs::exists(dead + ".locktest.1"));
  for (const auto& kept : {path, mine, dead + "x", mine + ".locktest.0", other, another_final, folder / ".out.h5", folder / ".out.h5~ashlar"})
    EXPECT_TRUE(scratch::fs::exists(kept)) << kept;
  EXPECT_EQ(remove_leftovers(folder / "none/out.h5"), 0);
}

TEST_F(FinalName, a_process_with_the_same_number_that_started_later_does_not_protect_a_leftover) {
  const std::string path = folder / "out.h5", mine = temporary_name(path);
  const std::string start = mine.substr(0, mine.rfind('~', mine.size() - std::string("~ashlar").size() - 1));  // …~PID~START
  const std::string earlier = start.substr(0, start.rfind('~')) + "~1~0~ashlar";
  write_text(earlier, "");

  EXPECT_EQ(remove_leftovers(path), 1);
}

TEST_F(FinalName, names_of_any_length_that_a_file_may_have_work) {
  const std::string path = folder / (std::string(255, 'n'));
  const std::string temporary = temporary_name(path), dead = name_of_killed_process(path),
                    sibling = name_of_killed_process(folder / (std::string(254, 'n') + "m"));
  write_text(temporary, "new");
  EXPECT_EQ(remove_leftovers(path), 1);
  EXPECT_TRUE(scratch::fs::exists(sibling));
  publish(temporary, path);
  EXPECT_EQ(read_text(path), "new");
}

}  // namespace
}  // namespace ashlar::hdf5

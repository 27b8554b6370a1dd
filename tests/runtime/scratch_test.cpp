#include "ashlar/runtime/scratch.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/block.hpp"

namespace ashlar {
namespace {

// Scratch whose ends are waited for one by one.
class Desk {
 public:
  explicit Desk(std::string folder = std::filesystem::temp_directory_path())
      : scratch(std::move(folder), [this](Scratch::Ended ended) {
          std::lock_guard lock(mutex_);
          ended_.push_back(std::move(ended));
          changed_.notify_one();
        }) {}
  Scratch::Ended next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(60), [&] { return !ended_.empty(); })) throw std::runtime_error("nothing ended");
    Scratch::Ended first = std::move(ended_.front());
    ended_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Scratch::Ended> ended_;

 public:
  Scratch scratch;  // its thread ends first
};

Object block_of(std::int64_t values, double first) {
  Block block = Block::allocate(DType::float64, Shape({values}));
  auto* values_of = reinterpret_cast<double*>(block.make_writable());
  for (std::int64_t i = 0; i < values; ++i) values_of[i] = first + static_cast<double>(i);
  return Object::of(block);
}

std::string text_of(const std::exception_ptr& error) { return error ? error_kind(error) + ": " + error_message(error) : "no error"; }

TEST(Scratch, gives_back_what_was_put_there) {
  Desk desk;
  desk.scratch.write(1, TaskId(7), block_of(100'000, 0.5));
  desk.scratch.write(2, TaskId(8), Object::of(std::string("text")));
  desk.scratch.write(3, TaskId(9), Object());
  for (std::int64_t file = 1; file <= 3; ++file) {
    const auto ended = desk.next();
    EXPECT_EQ(text_of(ended.error), "no error");
    EXPECT_EQ(ended.file, file);
    EXPECT_FALSE(ended.read);
  }
  desk.scratch.read(2, TaskId(8));
  EXPECT_EQ(desk.next().value.get<std::string>(), "text");
  desk.scratch.read(1, TaskId(7));
  const auto ended = desk.next();
  EXPECT_EQ(ended.data, TaskId(7));
  const auto& block = ended.value.get<Block>();
  ASSERT_EQ(block.nbytes(), 800'000);
  for (std::int64_t i = 0; i < 100'000; ++i) ASSERT_EQ(reinterpret_cast<const double*>(block.data())[i], 0.5 + static_cast<double>(i));
  desk.scratch.read(3, TaskId(9));
  EXPECT_TRUE(desk.next().value.empty());
}

TEST(Scratch, gives_space_back_to_the_file_system_and_uses_it_again) {
  Desk desk;
  const auto used = [&] {
    struct stat file {};
    fstat(desk.scratch.descriptor(), &file);
    return static_cast<std::int64_t>(file.st_blocks) * 512;
  };
  for (std::int64_t file = 1; file <= 8; ++file) desk.scratch.write(file, TaskId(file), block_of(131'072, 0));
  for (int i = 0; i < 8; ++i) ASSERT_EQ(text_of(desk.next().error), "no error");
  EXPECT_GE(used(), 8 << 20);
  for (std::int64_t file : {2, 4, 3, 8}) desk.scratch.forget(file);
  desk.scratch.write(9, TaskId(9), block_of(2 * 131'072, 3));  // fits where 2 and 3 were
  ASSERT_EQ(text_of(desk.next().error), "no error");
  EXPECT_LT(used(), (6 << 20) + (1 << 19));
  for (std::int64_t file : {1, 5, 9}) {
    desk.scratch.read(file, TaskId(file));
    EXPECT_EQ(text_of(desk.next().error), "no error");
  }
  for (std::int64_t file : {1, 5, 6, 7, 9}) desk.scratch.forget(file);
  desk.scratch.write(10, TaskId(10), Object::of(1));
  desk.next();
  EXPECT_EQ(desk.scratch.statistics().in_use, 4096);
  EXPECT_LE(used(), 8192);
}

TEST(Scratch, has_no_name_in_its_folder) {
  const std::string folder = std::filesystem::temp_directory_path() / ("ashlar-test-scratch-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  {
    Desk desk(folder);
    desk.scratch.write(1, TaskId(1), block_of(1000, 0));
    EXPECT_EQ(text_of(desk.next().error), "no error");
    EXPECT_TRUE(std::filesystem::is_empty(folder));
  }
  std::filesystem::remove(folder);
}

TEST(Scratch, notices_every_damaged_part) {
  Desk desk;
  desk.scratch.write(1, TaskId(1), block_of(1000, 0));
  desk.next();
  struct stat file {};
  fstat(desk.scratch.descriptor(), &file);
  for (const off_t at : {off_t{0}, off_t{4000}, off_t{8000}}) {
    char byte = 0;
    ASSERT_EQ(pread(desk.scratch.descriptor(), &byte, 1, at), 1);
    byte ^= 1;
    ASSERT_EQ(pwrite(desk.scratch.descriptor(), &byte, 1, at), 1);
    desk.scratch.read(1, TaskId(1));
    const auto ended = desk.next();
    EXPECT_NE(text_of(ended.error).find("IoError: scratch in "), std::string::npos) << text_of(ended.error);
    EXPECT_NE(text_of(ended.error).find("is not what was written there"), std::string::npos) << text_of(ended.error);
    byte ^= 1;
    ASSERT_EQ(pwrite(desk.scratch.descriptor(), &byte, 1, at), 1);
  }
  desk.scratch.read(1, TaskId(1));
  EXPECT_EQ(text_of(desk.next().error), "no error");
  ASSERT_EQ(ftruncate(desk.scratch.descriptor(), 100), 0);
  desk.scratch.read(1, TaskId(1));
  EXPECT_NE(text_of(desk.next().error).find("cannot read back"), std::string::npos);
}

TEST(Scratch, a_folder_that_is_not_there_is_an_error_of_the_write) {
  Desk desk("/nowhere/at/all");
  desk.scratch.write(1, TaskId(1), Object::of(1));
  const std::string text = text_of(desk.next().error);
  EXPECT_NE(text.find("IoError: scratch in /nowhere/at/all: cannot make a file: No such file or directory"), std::string::npos) << text;
  EXPECT_NE(text.find("--ashlar-scratch"), std::string::npos) << text;
}

TEST(Scratch, a_full_file_system_is_an_error_that_says_how_much_was_wanted_and_what_is_there_stays_right) {
  const std::string folder = std::filesystem::temp_directory_path() / ("ashlar-test-full-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  if (mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=4m") != 0) {
    std::filesystem::remove(folder);
    GTEST_SKIP() << "no right to mount a file system";
  }
  {
    Desk desk(folder);
    desk.scratch.write(1, TaskId(1), block_of(262'144, 5));
    EXPECT_EQ(text_of(desk.next().error), "no error");
    desk.scratch.write(2, TaskId(2), block_of(393'216, 6));
    const std::string text = text_of(desk.next().error);
    EXPECT_NE(text.find("No space left on device (wanted 3.00 MiB, free "), std::string::npos) << text;
    desk.scratch.read(1, TaskId(1));
    const auto ended = desk.next();
    EXPECT_EQ(reinterpret_cast<const double*>(ended.value.get<Block>().data())[262'143], 5 + 262'143);
    desk.scratch.forget(1);
    desk.scratch.write(3, TaskId(3), block_of(393'216, 6));
    EXPECT_EQ(text_of(desk.next().error), "no error");
  }
  umount(folder.c_str());
  std::filesystem::remove(folder);
}

TEST(Scratch, may_be_left_with_work_waiting) {
  Desk desk;
  for (std::int64_t file = 1; file <= 20; ++file) desk.scratch.write(file, TaskId(file), block_of(100'000, 0));
  desk.scratch.forget(20);
  desk.scratch.forget(1);
}

}  // namespace
}  // namespace ashlar

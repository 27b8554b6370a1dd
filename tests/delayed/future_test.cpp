#include "ashlar/delayed/future.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "ashlar/base/error.hpp"

namespace al = ashlar;
using namespace std::chrono_literals;

namespace {

// Results that another thread settles, as the engine does.
class Board final : public al::Evaluator {
 public:
  class Slot final : public al::Result {
   public:
    Slot(Board& board, std::string key) : board_(board), key_(std::move(key)) {}
    al::Status status() const override {
      std::lock_guard lock(board_.mutex);
      return status_;
    }
    bool wait(al::Seconds timeout) override {
      return board_.wait_until([this] { return status() != al::Status::pending; }, timeout);
    }
    al::Object get(al::Seconds timeout) override {
      if (!wait(timeout)) throw al::TimeoutError("still pending");
      std::lock_guard lock(board_.mutex);
      if (status_ == al::Status::cancelled) throw al::CancelledError("cancelled");
      if (error_) std::rethrow_exception(error_);
      return value_;
    }
    std::exception_ptr error() const override {
      std::lock_guard lock(board_.mutex);
      return error_;
    }
    void cancel() override { settle(al::Status::cancelled, {}, nullptr); }
    std::string key() const override { return key_; }
    void settle(al::Status status, al::Object value, std::exception_ptr error) {
      {
        std::lock_guard lock(board_.mutex);
        status_ = status;
        value_ = std::move(value);
        error_ = std::move(error);
        ++board_.news;
      }
      board_.changed.notify_all();
    }

   private:
    Board& board_;
    std::string key_;
    al::Status status_ = al::Status::pending;
    al::Object value_;
    std::exception_ptr error_;
  };

  std::vector<std::shared_ptr<Slot>> slots(int n) {
    std::vector<std::shared_ptr<Slot>> all;
    for (int i = 0; i < n; ++i) all.push_back(std::make_shared<Slot>(*this, "slot-" + std::to_string(i)));
    return all;
  }
  bool wait_until(const std::function<bool()>& settled, al::Seconds timeout) override {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(timeout.v.value_or(100)));
    for (;;) {
      std::unique_lock lock(mutex);
      const int seen = news;
      lock.unlock();
      if (settled()) return true;
      lock.lock();
      if (!changed.wait_until(lock, end, [&] { return news != seen; })) return false;
    }
  }
  std::vector<al::ResultHandle> submit(al::TaskGraph, std::span<const al::TaskRef>, al::SubmitOptions) override { return {}; }
  std::vector<al::ResultHandle> scatter(std::vector<al::Object>) override { return {}; }
  std::vector<al::Object> run_on_workers(std::shared_ptr<const al::Operation>, al::Parcel, bool) override { return {}; }
  int workers() const override { return 1; }
  int threads() const override { return 1; }

  std::mutex mutex;
  std::condition_variable changed;
  int news = 0;
};

class Future : public ::testing::Test {
 protected:
  std::vector<al::Future<int>> make(int n) {
    slots_ = board_.slots(n);
    std::vector<al::Future<int>> futures;
    for (const auto& slot : slots_) futures.emplace_back(slot);
    return futures;
  }
  void finish(std::size_t i) { slots_[i]->settle(al::Status::finished, al::Object::of(static_cast<int>(i)), nullptr); }
  void fail(std::size_t i) { slots_[i]->settle(al::Status::error, {}, std::make_exception_ptr(al::TaskError({"slot", 1, "int", "no", ""}))); }

  Board board_;
  al::Evaluator::Guard current_{&board_};
  std::vector<std::shared_ptr<Board::Slot>> slots_;
};

}  // namespace

TEST_F(Future, tells_its_status_and_gives_its_value) {
  auto f = make(3);
  EXPECT_FALSE(f[0].done());
  EXPECT_EQ(f[0].status(), al::Status::pending);
  EXPECT_THROW(f[0].result(10ms), al::TimeoutError);
  EXPECT_THROW(f[0].exception(10ms), al::TimeoutError);
  finish(0);
  EXPECT_EQ(f[0].result(), 0);
  EXPECT_TRUE(f[0].done());
  EXPECT_EQ(f[0].exception(), nullptr);
  fail(1);
  EXPECT_TRUE(f[1].done());
  EXPECT_THROW(f[1].result(), al::TaskError);
  EXPECT_NE(f[1].exception(), nullptr);
  f[2].cancel();
  EXPECT_TRUE(f[2].cancelled());
  EXPECT_THROW(f[2].result(), al::CancelledError);
  EXPECT_THROW(f[2].exception(), al::CancelledError);
  EXPECT_EQ(f[2].key(), "slot-2");
  std::ostringstream text;
  text << f[0];
  EXPECT_EQ(text.str(), "<Future: finished, type: int, key: slot-0>");
}

TEST_F(Future, that_stands_for_nothing_says_so) {
  al::Future<int> f;
  EXPECT_THROW(f.result(), al::ValueError);
  EXPECT_THROW(f.done(), al::ValueError);
  EXPECT_THROW(al::as_completed(std::vector<al::Future<int>>{f}), al::ValueError);
}

TEST_F(Future, as_completed_gives_each_once_in_the_order_of_completion) {
  const std::vector<std::size_t> order = {3, 0, 4, 1, 2};
  const auto futures = make(5);
  std::mutex turn_mutex;
  std::condition_variable turn_changed;
  std::size_t turn = 0;
  std::thread worker([&] {
    for (std::size_t i = 0; i < order.size(); ++i) {
      std::unique_lock lock(turn_mutex);
      turn_changed.wait(lock, [&] { return turn >= i; });
      finish(order[i]);
    }
  });
  std::vector<std::size_t> seen;
  for (auto& done : al::as_completed(futures)) {
    seen.push_back(static_cast<std::size_t>(done.result()));
    std::lock_guard lock(turn_mutex);
    ++turn;
    turn_changed.notify_all();
  }
  worker.join();
  EXPECT_EQ(seen, order);
}

TEST_F(Future, as_completed_works_with_every_kind_of_loop_variable) {
  const auto futures = make(3);
  for (std::size_t i = 0; i < 3; ++i) finish(i);
  int sum = 0;
  for (auto& done : al::as_completed(futures)) sum += done.result();
  for (auto done : al::as_completed(futures)) sum += done.result();
  for (const auto& done : al::as_completed(futures)) sum += done.result();
  for (auto&& done : al::as_completed(std::vector(futures))) sum += done.result();
  EXPECT_EQ(sum, 12);
  for (auto& done : al::as_completed(std::vector<al::Future<int>>{})) sum += 100 + done.result();
  EXPECT_EQ(sum, 12) << "none of none";
}

TEST_F(Future, as_completed_takes_more_while_it_runs) {
  const auto futures = make(4);
  for (std::size_t i = 0; i < 4; ++i) finish(i);
  auto range = al::as_completed(std::vector{futures[0]});
  std::set<int> seen;
  for (auto& done : range) {
    const int value = done.result();
    seen.insert(value);
    if (value < 3) range.add(futures[static_cast<std::size_t>(value) + 1]);
  }
  EXPECT_EQ(seen, (std::set{0, 1, 2, 3}));
}

TEST_F(Future, wait_waits_for_all_or_the_first_or_the_first_exception) {
  auto f = make(4);
  EXPECT_THROW(al::wait(f, {.timeout = 10ms}), al::TimeoutError);
  finish(2);
  const auto first = al::wait(f, {.return_when = "FIRST_COMPLETED"});
  EXPECT_EQ(first.done.size(), 1u);
  EXPECT_EQ(first.not_done.size(), 3u);
  EXPECT_EQ(first.done[0].key(), "slot-2");
  EXPECT_THROW(al::wait(f, {.timeout = "10 ms", .return_when = "FIRST_EXCEPTION"}), al::TimeoutError);
  std::thread worker([&] { fail(1); });
  EXPECT_EQ(al::wait(f, {.return_when = "FIRST_EXCEPTION"}).not_done.size(), 2u);
  worker.join();
  std::thread other([&] { finish(0), finish(3); });
  EXPECT_EQ(al::wait(f).done.size(), 4u);
  other.join();
  EXPECT_EQ(al::wait(f[0]).done.size(), 1u);
  EXPECT_THROW(al::wait(f, {.return_when = "SOMETIME"}), al::ValueError);
}

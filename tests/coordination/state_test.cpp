// What tasks share, on paper: events by hand, all answers as text and nothing more, the invariants after each.
#include "ashlar/coordination/state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <random>

namespace ashlar::coordination {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Value value_of(const std::string& text) {
  Value value;
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  value.bytes.head.assign(first, first + text.size());
  return value;
}

class Paper {
 public:
  // Request `number` of worker `worker`, whose task `holder` asks.
  std::vector<std::string> ask(int worker, std::int64_t number, What what, const std::string& name, std::int64_t amount = 0, const std::string& value = {},
                               TimeNs deadline = never, std::int64_t holder = -100) {
    Asked asked{{WorkerId(worker), number, holder == -100 ? number : holder}, what, name, amount, deadline, value_of(value)};
    return handle(std::move(asked));
  }
  std::vector<std::string> ended(int worker, std::int64_t holder) { return handle(HolderEnded{WorkerId(worker), holder}); }
  std::vector<std::string> gone(int worker) { return handle(WorkerGone{WorkerId(worker)}); }
  std::vector<std::string> at(TimeNs now) {
    now_ = now;
    return handle(TimePassed{});
  }
  State& operator*() { return state_; }
  State* operator->() { return &state_; }

 private:
  std::vector<std::string> handle(decltype(Event::what) what) {
    std::vector<Answer> answers;
    state_.handle({now_, std::move(what)}, answers);
    EXPECT_THAT(broken_invariants(state_), IsEmpty());
    std::vector<std::string> lines;
    for (const Answer& answer : answers) lines.push_back(to_string(answer));
    return lines;
  }
  State state_;
  TimeNs now_ = 0;
};

TEST(Variable, is_waited_for_until_it_is_set_and_read_any_number_of_times) {
  Paper p;
  EXPECT_THAT(p.ask(0, 1, What::get_variable, "v"), IsEmpty());
  EXPECT_THAT(p.ask(1, 2, What::get_variable, "v"), IsEmpty());
  EXPECT_THAT(p.ask(-2, 3, What::set_variable, "v", 0, "x"),
              ElementsAre("Answer 1 of worker 0: done, value x", "Answer 2 of worker 1: done, value x", "Answer 3 of worker -2: done"));
  EXPECT_THAT(p.ask(0, 4, What::get_variable, "v"), ElementsAre("Answer 4 of worker 0: done, value x"));
  EXPECT_THAT(p.ask(0, 5, What::delete_variable, "v"), ElementsAre("Answer 5 of worker 0: done"));
  EXPECT_EQ(p->things(), 0u);
}

TEST(Queue, serves_getters_in_the_order_they_came) {
  Paper p;
  EXPECT_THAT(p.ask(0, 1, What::get, "q"), IsEmpty());
  EXPECT_THAT(p.ask(1, 2, What::get, "q"), IsEmpty());
  EXPECT_THAT(p.ask(2, 3, What::put, "q", 0, "a"), ElementsAre("Answer 3 of worker 2: done", "Answer 1 of worker 0: done, value a"));
  EXPECT_THAT(p.ask(2, 4, What::put, "q", 0, "b"), ElementsAre("Answer 4 of worker 2: done", "Answer 2 of worker 1: done, value b"));
  EXPECT_THAT(p.ask(2, 5, What::put, "q", 0, "c"), ElementsAre("Answer 5 of worker 2: done"));
  EXPECT_THAT(p.ask(2, 6, What::queue_size, "q"), ElementsAre("Answer 6 of worker 2: done, amount 1"));
}

TEST(Queue, that_is_full_makes_putters_wait_and_keeps_their_order) {
  Paper p;
  EXPECT_THAT(p.ask(0, 1, What::put, "q", 1, "a"), ElementsAre("Answer 1 of worker 0: done"));
  EXPECT_THAT(p.ask(0, 2, What::put, "q", 1, "b"), IsEmpty());
  EXPECT_THAT(p.ask(1, 3, What::put, "q", 1, "c"), IsEmpty());
  EXPECT_THAT(p.ask(2, 4, What::get, "q", 1), ElementsAre("Answer 4 of worker 2: done, value a", "Answer 2 of worker 0: done"));
  EXPECT_THAT(p.ask(2, 5, What::get_all, "q", 1), ElementsAre("Answer 5 of worker 2: done, amount 1, value b", "Answer 3 of worker 1: done"));
  EXPECT_THAT(p.ask(2, 6, What::get, "q", 1), ElementsAre("Answer 6 of worker 2: done, value c"));
}

TEST(Queue, that_is_closed_refuses_those_who_wait) {
  Paper p;
  EXPECT_THAT(p.ask(0, 1, What::get, "q"), IsEmpty());
  EXPECT_THAT(p.ask(1, 2, What::close_queue, "q"), ElementsAre("Answer 1 of worker 0: refused, the queue \"q\" was closed", "Answer 2 of worker 1: done"));
}

TEST(Semaphore, gives_as_many_leases_as_it_has_and_the_next_to_who_waited_first) {
  Paper p;
  EXPECT_THAT(p.ask(0, 1, What::acquire, "s", 2), ElementsAre("Answer 1 of worker 0: done, amount 1"));
  EXPECT_THAT(p.ask(0, 2, What::acquire, "s", 2), ElementsAre("Answer 2 of worker 0: done, amount 1"));
  EXPECT_THAT(p.ask(1, 3, What::acquire, "s", 2), IsEmpty());
  EXPECT_THAT(p.ask(1, 4, What::acquire, "s", 2), IsEmpty());
  EXPECT_THAT(p.ask(0, 5, What::release, "s", 0, "", never, 1), ElementsAre("Answer 5 of worker 0: done", "Answer 3 of worker 1: done, amount 1"));
  EXPECT_THAT(p.ask(0, 6, What::leases, "s"), ElementsAre("Answer 6 of worker 0: done, amount 2"));
  EXPECT_THAT(p.ask(0, 7, What::acquire, "s", 3), ElementsAre("Answer 7 of worker 0: refused, the semaphore \"s\" has 2 leases, not 3"));
}

TEST(Semaphore, is_not_released_by_who_does_not_hold_it) {
  Paper p;
  EXPECT_THAT(p.ask(0, 1, What::release, "s"), ElementsAre("Answer 1 of worker 0: refused, \"s\" is released by who does not hold it"));
  EXPECT_THAT(p.ask(0, 2, What::acquire, "s", 1), ElementsAre("Answer 2 of worker 0: done, amount 1"));
  EXPECT_THAT(p.ask(1, 2, What::release, "s"), ElementsAre("Answer 2 of worker 1: refused, \"s\" is released by who does not hold it"));
}

TEST(Lease, is_free_when_its_task_ends_or_its_worker_is_gone) {
  Paper p;
  EXPECT_THAT(p.ask(0, 1, What::acquire, "lock", 1), ElementsAre("Answer 1 of worker 0: done, amount 1"));
  EXPECT_THAT(p.ask(1, 2, What::acquire, "lock", 1), IsEmpty());
  EXPECT_THAT(p.ask(2, 3, What::acquire, "lock", 1), IsEmpty());
  EXPECT_THAT(p.ask(0, 4, What::acquire, "lock", 1), IsEmpty());
  EXPECT_THAT(p.ended(1, 1), IsEmpty()) << "a task of the same number on another worker";
  EXPECT_THAT(p.ended(0, 1), ElementsAre("Answer 2 of worker 1: done, amount 1"));
  EXPECT_THAT(p.gone(2), IsEmpty());
  EXPECT_THAT(p.gone(1), ElementsAre("Answer 4 of worker 0: done, amount 1"));
  EXPECT_THAT(p.ended(0, 4), IsEmpty());
  EXPECT_EQ(p->things(), 0u);
  EXPECT_EQ(p->waiting(), 0u);
}

TEST(Event, wakes_all_who_wait_and_stays_set_until_it_is_cleared) {
  Paper p;
  EXPECT_THAT(p.ask(0, 1, What::wait_event, "e"), IsEmpty());
  EXPECT_THAT(p.ask(1, 2, What::wait_event, "e"), IsEmpty());
  EXPECT_THAT(p.ask(2, 3, What::set_event, "e"),
              ElementsAre("Answer 1 of worker 0: done, amount 1", "Answer 2 of worker 1: done, amount 1", "Answer 3 of worker 2: done"));
  EXPECT_THAT(p.ask(0, 4, What::wait_event, "e"), ElementsAre("Answer 4 of worker 0: done, amount 1"));
  EXPECT_THAT(p.ask(0, 5, What::clear_event, "e"), ElementsAre("Answer 5 of worker 0: done"));
  EXPECT_THAT(p.ask(0, 6, What::event_is_set, "e"), ElementsAre("Answer 6 of worker 0: done"));
  EXPECT_EQ(p->things(), 0u);
}

TEST(Topic, gives_a_value_to_those_who_are_subscribed_when_it_is_published) {
  Paper p;
  EXPECT_THAT(p.ask(0, 1, What::publish, "t", 0, "lost"), ElementsAre("Answer 1 of worker 0: done"));
  EXPECT_THAT(p.ask(0, 2, What::subscribe, "t"), ElementsAre("Answer 2 of worker 0: done, amount 1"));
  EXPECT_THAT(p.ask(1, 3, What::subscribe, "t"), ElementsAre("Answer 3 of worker 1: done, amount 2"));
  EXPECT_THAT(p.ask(1, 4, What::next, "t", 2), IsEmpty());
  EXPECT_THAT(p.ask(2, 5, What::publish, "t", 0, "a"), ElementsAre("Answer 4 of worker 1: done, value a", "Answer 5 of worker 2: done"));
  EXPECT_THAT(p.ask(0, 6, What::next, "t", 1), ElementsAre("Answer 6 of worker 0: done, value a"));
  EXPECT_THAT(p.ask(0, 7, What::subscribers, "t"), ElementsAre("Answer 7 of worker 0: done, amount 2"));
  EXPECT_THAT(p.ask(0, 8, What::unsubscribe, "t", 1), ElementsAre("Answer 8 of worker 0: done"));
  EXPECT_THAT(p.ended(1, 3), IsEmpty());
  EXPECT_THAT(p.ask(0, 9, What::next, "t", 2), ElementsAre("Answer 9 of worker 0: refused, the subscription of \"t\" has ended"));
  EXPECT_EQ(p->things(), 0u);
}

TEST(Wait, ends_when_its_time_has_passed_and_not_before) {
  Paper p;
  EXPECT_THAT(p.ask(0, 1, What::get, "q", 0, "", 100), IsEmpty());
  EXPECT_THAT(p.ask(0, 2, What::acquire, "s", 1, "", 50), ElementsAre("Answer 2 of worker 0: done, amount 1"));
  EXPECT_THAT(p.ask(1, 3, What::acquire, "s", 1, "", 50), IsEmpty());
  EXPECT_THAT(p.ask(1, 4, What::get_variable, "v", 0, "", 60), IsEmpty());
  EXPECT_THAT(p.ask(1, 5, What::wait_event, "e", 0, "", 0), ElementsAre("Answer 5 of worker 1: timed out")) << "no time at all";
  EXPECT_EQ(p->next_deadline(), 50);
  EXPECT_THAT(p.at(49), IsEmpty());
  EXPECT_THAT(p.at(50), ElementsAre("Answer 3 of worker 1: timed out"));
  EXPECT_THAT(p.at(1000), ElementsAre("Answer 4 of worker 1: timed out", "Answer 1 of worker 0: timed out"));
  EXPECT_EQ(p->next_deadline(), never);
  EXPECT_THAT(p.ask(0, 6, What::release, "s", 0, "", never, 2), ElementsAre("Answer 6 of worker 0: done")) << "nobody waits any more";
}

// Random requests on one queue and one semaphore, against lists that are searched from their front.
TEST(Coordination, agrees_with_plain_lists_on_random_requests) {
  const char* given = std::getenv("ASHLAR_TEST_SEED");
  const auto seed = given ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
  SCOPED_TRACE("ASHLAR_TEST_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const int rounds = std::getenv("ASHLAR_TEST_LONG") ? 500 : 40;
  for (int round = 0; round < rounds; ++round) {
    State state;
    const int maxsize = below(4), leases = 1 + below(3);
    struct Waiter {
      std::int64_t number, holder;
      bool put, acquire;
      TimeNs deadline;
    };
    std::deque<std::int64_t> values, taken;
    std::vector<Waiter> waiters;  // all lines, first come first
    TimeNs now = 0;
    std::map<std::int64_t, std::string> expected, found;
    const auto can = [&](const Waiter& w) {
      if (w.acquire) return static_cast<int>(taken.size()) < leases;
      if (w.put) return maxsize == 0 || static_cast<int>(values.size()) < maxsize;
      return !values.empty();
    };
    const auto serve = [&](const Waiter& w) {
      if (w.acquire) {
        taken.push_back(w.holder);
        expected[w.number] = "done";
      } else if (w.put) {
        values.push_back(w.number);
        expected[w.number] = "done";
      } else {
        expected[w.number] = "value " + std::to_string(values.front());
        values.pop_front();
      }
    };
    const auto settle = [&] {
      for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t i = 0; i < waiters.size() && !moved; ++i)
          if (can(waiters[i])) {
            const Waiter w = waiters[i];
            waiters.erase(waiters.begin() + static_cast<std::ptrdiff_t>(i));
            serve(w);
            moved = true;
          }
      }
    };
    for (std::int64_t number = 1; number <= 120; ++number) {
      std::vector<Answer> answers;
      now += below(5);
      for (std::size_t i = 0; i < waiters.size();)
        if (waiters[i].deadline <= now) {
          expected[waiters[i].number] = "timed out";
          waiters.erase(waiters.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
          ++i;
        }
      const int what = below(5);
      const std::int64_t holder = below(4);
      if (what == 4) {
        std::erase_if(waiters, [&](const Waiter& w) { return w.holder == holder; });
        std::erase_if(taken, [&](std::int64_t h) { return h == holder; });
        state.handle({now, HolderEnded{WorkerId(0), holder}}, answers);
      } else if (what == 3) {
        const auto lease = std::find(taken.begin(), taken.end(), holder);
        expected[number] = lease == taken.end() ? "refused" : "done";
        if (lease != taken.end()) taken.erase(lease);
        state.handle({now, Asked{{WorkerId(0), number, holder}, What::release, "s", leases, never, {}}}, answers);
      } else {
        const Waiter w{number, holder, what == 0, what == 2, below(3) == 0 ? now + 1 + below(30) : never};
        waiters.push_back(w);
        state.handle({now, Asked{{WorkerId(0), number, holder}, what == 0 ? What::put : what == 1 ? What::get : What::acquire, what == 2 ? "s" : "q",
                                 what == 2 ? leases : maxsize, w.deadline, value_of(std::to_string(number))}},
                     answers);
      }
      settle();
      ASSERT_THAT(broken_invariants(state), IsEmpty());
      for (const Answer& answer : answers) {
        std::string text = answer.outcome == Outcome::timed_out ? "timed out" : answer.outcome == Outcome::refused ? "refused" : "done";
        for (const Value& value : answer.values) text = "value " + std::string(reinterpret_cast<const char*>(value.bytes.head.data()), value.bytes.head.size());
        ASSERT_TRUE(found.emplace(answer.number, text).second) << "request " << answer.number << " was answered twice";
      }
      ASSERT_EQ(found, expected) << "after request " << number << " of round " << round;
      ASSERT_EQ(state.waiting(), waiters.size());
    }
  }
}

}  // namespace
}  // namespace ashlar::coordination

#include "ashlar/transport/in_process.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "harness/transport_contract.hpp"

namespace ashlar {
namespace {

class InProcess : public testing::TestWithParam<int> {
 protected:
  InProcess() : transports_(in_process_transports(GetParam())) {
    for (auto& transport : transports_) participants_.push_back(transport.get());
  }
  std::vector<std::unique_ptr<Transport>> transports_;
  contract::Participants participants_;
};
INSTANTIATE_TEST_SUITE_P(Participants, InProcess, testing::Values(1, 2, 3, 7));

TEST_P(InProcess, parcels_arrive_complete_and_in_order) { contract::parcels_arrive_complete_and_in_order(participants_); }
TEST_P(InProcess, empty_heads_and_empty_buffers_are_parcels) { contract::empty_heads_and_empty_buffers_are_parcels(participants_); }
TEST_P(InProcess, many_buffers_keep_their_places) { contract::many_buffers_keep_their_places(participants_); }
TEST_P(InProcess, heads_of_megabytes_arrive) {
  if (GetParam() > 3) GTEST_SKIP() << "all to all of megabytes: up to 3 participants";
  contract::heads_of_megabytes_arrive(participants_);
}
TEST_P(InProcess, everybody_may_send_before_anybody_receives) { contract::everybody_may_send_before_anybody_receives(participants_); }
TEST_P(InProcess, one_buffer_may_go_to_many) { contract::one_buffer_may_go_to_many(participants_); }
TEST_P(InProcess, a_buffer_above_one_gibibyte_arrives) {
  if (!std::getenv("ASHLAR_TEST_LONG")) GTEST_SKIP() << "with ASHLAR_TEST_LONG only";
  contract::a_buffer_above_one_gibibyte_arrives(participants_);
}
TEST_P(InProcess, a_wait_ends_with_its_time) { contract::a_wait_ends_with_its_time(participants_); }
TEST_P(InProcess, a_wait_is_ended_by_another_thread) { contract::a_wait_is_ended_by_another_thread(participants_); }
TEST_P(InProcess, an_arrival_ends_a_long_wait) { contract::an_arrival_ends_a_long_wait(participants_); }
TEST_P(InProcess, who_waits_apart_is_relieved) { contract::who_waits_apart_is_relieved(participants_); }
TEST_P(InProcess, finish_takes_what_is_under_way) { contract::finish_takes_what_is_under_way(participants_); }

TEST(InProcessTransport, a_wait_is_ended_by_a_parcel) {
  auto transports = in_process_transports(2);
  const auto begin = std::chrono::steady_clock::now();
  std::thread other([&] { transports[0]->send(1, Parcel{}); });

  std::vector<Arrival> arrived;
  while (!transports[1]->receive(arrived)) transports[1]->wait(std::chrono::seconds(60));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  other.join();
}

TEST(InProcessTransport, buffers_are_shared_and_not_copied) {
  auto transports = in_process_transports(2);
  Buffer buffer = Buffer::allocate(1000);
  transports[0]->send(1, Parcel{{}, {buffer}});

  std::vector<Arrival> arrived;
  ASSERT_TRUE(transports[1]->receive(arrived));
  EXPECT_EQ(arrived.at(0).parcel.buffers.at(0).data(), buffer.data());
}

}  // namespace
}  // namespace ashlar

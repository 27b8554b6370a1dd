// The transport's contract over MPI: the sentences of tests/transport, each rank one participant.
#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdio>
#include <cstdlib>

#include "ashlar/mpi/mpi_transport.hpp"
#include "harness/transport_contract.hpp"

namespace ashlar {
namespace {

int rank_of_this() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

class MpiTransport : public testing::Test {
 protected:
  // A transport for each test, so that what one leaves under way would meet the next.
  MpiTransport() : transport_(mpi_transport(MPI_COMM_WORLD)), participants_{transport_.get()} {}
  ~MpiTransport() override {
    MPI_Barrier(MPI_COMM_WORLD);
    transport_.reset();
  }
  std::unique_ptr<Transport> transport_;
  contract::Participants participants_;
};

TEST_F(MpiTransport, knows_its_rank_and_the_number_of_ranks) {
  int ranks = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  EXPECT_EQ(transport_->rank(), rank_of_this());
  EXPECT_EQ(transport_->size(), ranks);
}
TEST_F(MpiTransport, parcels_arrive_complete_and_in_order) { contract::parcels_arrive_complete_and_in_order(participants_); }
TEST_F(MpiTransport, empty_heads_and_empty_buffers_are_parcels) { contract::empty_heads_and_empty_buffers_are_parcels(participants_); }
TEST_F(MpiTransport, many_buffers_keep_their_places) { contract::many_buffers_keep_their_places(participants_); }
TEST_F(MpiTransport, heads_of_megabytes_arrive) {
  if (transport_->size() > 3) GTEST_SKIP() << "all to all of megabytes: up to 3 ranks";
  contract::heads_of_megabytes_arrive(participants_);
}
TEST_F(MpiTransport, everybody_may_send_before_anybody_receives) { contract::everybody_may_send_before_anybody_receives(participants_); }
TEST_F(MpiTransport, one_buffer_may_go_to_many) { contract::one_buffer_may_go_to_many(participants_); }
TEST_F(MpiTransport, a_buffer_above_one_gibibyte_arrives) {
  if (!std::getenv("ASHLAR_TEST_LONG")) GTEST_SKIP() << "with ASHLAR_TEST_LONG only";
  contract::a_buffer_above_one_gibibyte_arrives(participants_);
}
TEST_F(MpiTransport, a_wait_ends_with_its_time) { contract::a_wait_ends_with_its_time(participants_); }
TEST_F(MpiTransport, a_wait_is_ended_by_another_thread) { contract::a_wait_is_ended_by_another_thread(participants_); }
TEST_F(MpiTransport, an_arrival_ends_a_long_wait) { contract::an_arrival_ends_a_long_wait(participants_); }
TEST_F(MpiTransport, who_waits_apart_is_relieved) { contract::who_waits_apart_is_relieved(participants_); }
TEST_F(MpiTransport, finish_takes_what_is_under_way) {
  contract::finish_takes_what_is_under_way(participants_);
  // The next transport, maybe on the same communicator number, sees nothing of it.
  transport_.reset();
  MPI_Barrier(MPI_COMM_WORLD);
  transport_ = mpi_transport(MPI_COMM_WORLD);
  participants_ = {transport_.get()};
  contract::parcels_arrive_complete_and_in_order(participants_);
}
TEST_F(MpiTransport, two_transports_on_one_communicator_do_not_mix) {
  const auto other = mpi_transport(MPI_COMM_WORLD);
  const int to = (transport_->rank() + 1) % transport_->size();
  transport_->send(to, contract::parcel(transport_->rank(), 1, 100, {}));
  other->send(to, contract::parcel(transport_->rank(), 2, 100, {}));
  const auto second = contract::receive(*other, 1), first = contract::receive(*transport_, 1);
  ASSERT_EQ(first.size() + second.size(), 2u);
  EXPECT_EQ(contract::checked(first[0]), 1);
  EXPECT_EQ(contract::checked(second[0]), 2);
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  testing::InitGoogleTest(&argc, argv);
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  if (ashlar::rank_of_this() != 0) delete listeners.Release(listeners.default_result_printer());
  struct Failures : testing::EmptyTestEventListener {
    void OnTestPartResult(const testing::TestPartResult& result) override {
      if (result.failed() && ashlar::rank_of_this() != 0)
        std::fprintf(stderr, "rank %d: %s:%d: %s\n", ashlar::rank_of_this(), result.file_name(), result.line_number(), result.message());
    }
  };
  listeners.Append(new Failures);
  int failed = RUN_ALL_TESTS();
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return failed;
}

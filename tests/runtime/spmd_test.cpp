// Functions that all workers call together: each chunk comes to the one that the distribution says, collectives work, and what is made is an array.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "ashlar/ashlar.hpp"
#include "ashlar/base/error.hpp"

namespace al = ashlar;

namespace {
al::Client* client = nullptr;
int workers() { return static_cast<int>(client->scheduler_info().workers.size()); }

// What one worker saw: its number, and per chunk the number in C order, the offset and the sum.
std::vector<double> seen(al::SpmdContext& c, al::LocalChunks<double>& mine) {
  std::vector<double> list{static_cast<double>(c.rank())};
  for (const auto& chunk : mine) {
    list.push_back(static_cast<double>(chunk.location[0] * static_cast<al::index_t>(mine.chunks()[1].size()) + chunk.location[1]));
    list.push_back(static_cast<double>(chunk.offset[0] * mine.shape()[1] + chunk.offset[1]));
    double sum = 0;
    for (double v : chunk.values) sum += v;
    list.push_back(sum);
  }
  return list;
}

const auto see = [](al::SpmdContext& c, al::LocalChunks<double>& mine) { return seen(c, mine); };

TEST(SpmdDistribution, SlabsAreRunsAndGridsAreCyclic) {
  const al::Chunks chunks{{2, 2, 2, 2, 1}, {3, 4}};
  EXPECT_EQ(al::slab(0).owners(chunks, 2), (std::vector<int>{0, 0, 0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(al::slab(1).owners(chunks, 3), (std::vector<int>{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(al::slab(-1).owners(chunks, 1), std::vector<int>(10, 0));
  EXPECT_EQ(al::block_cyclic({2, 2}).owners(chunks, 5), (std::vector<int>{0, 1, 2, 3, 0, 1, 2, 3, 0, 1}));
  EXPECT_THROW(al::block_cyclic({2, 2}).owners(chunks, 3), al::ValueError);
  EXPECT_THROW(al::block_cyclic({2}).owners(chunks, 3), al::ValueError);
  EXPECT_THROW(al::slab(2).owners(chunks, 3), al::ValueError);
  EXPECT_THROW(al::block_cyclic({0, 2}), al::ValueError);
}

TEST(Spmd, EachWorkerGetsItsChunksOnce) {
  const auto x = al::arange<double>(90.0).reshape({9, 10}).rechunk({2, 4});
  const auto list = al::spmd(see, x).compute();
  ASSERT_EQ(static_cast<int>(list.size()), workers());
  const auto owners = al::slab(0).owners(x.chunks(), workers());
  std::size_t chunks = 0;
  for (std::size_t w = 0; w < list.size(); ++w) {
    EXPECT_EQ(list[w][0], static_cast<double>(w));
    for (std::size_t i = 1; i < list[w].size(); i += 3) {
      const auto number = static_cast<std::size_t>(list[w][i]);
      EXPECT_EQ(owners[number], static_cast<int>(w));
      const al::index_t row = static_cast<al::index_t>(number) / 3 * 2, column = static_cast<al::index_t>(number) % 3 * 4;
      EXPECT_EQ(list[w][i + 1], static_cast<double>(row * 10 + column));
      double sum = 0;
      for (al::index_t a = row; a < std::min<al::index_t>(row + 2, 9); ++a)
        for (al::index_t b = column; b < std::min<al::index_t>(column + 4, 10); ++b) sum += static_cast<double>(a * 10 + b);
      EXPECT_EQ(list[w][i + 2], sum);
      ++chunks;
    }
  }
  EXPECT_EQ(chunks, 15u);
}

TEST(Spmd, CollectivesJoinTheWorkers) {
  const auto x = al::arange<double>(1000.0, {.chunks = 70}).persist();
  const double factor = 2;
  const auto sums = al::spmd(
                        [factor](al::SpmdContext& c, al::LocalChunks<double>& mine) {
                          double sum = 0, all = 0;
                          for (auto& chunk : mine)
                            for (double& v : chunk.values) sum += v *= factor;  // the chunk is the function's own
                          MPI_Allreduce(&sum, &all, 1, MPI_DOUBLE, MPI_SUM, c.comm());
                          return all;
                        },
                        x)
                        .compute();
  EXPECT_EQ(sums, std::vector<double>(static_cast<std::size_t>(workers()), 999000.0));
  EXPECT_EQ(x.sum().compute(), 499500.0);
}

TEST(Spmd, SeveralArraysAndAGridOfWorkers) {
  const int across = workers() >= 2 ? 2 : 1;
  const auto x = al::ones<double>({8, 6}, {.chunks = {2, 3}}), y = al::arange<double>(48.0).reshape({8, 6}).rechunk({2, 3});
  const auto parts = al::spmd(
                         {.distribution = al::block_cyclic({1, across})},
                         [](al::SpmdContext&, al::LocalChunks<double>& a, al::LocalChunks<double>& b) {
                           double sum = 0;
                           for (std::size_t i = 0; i < a.size(); ++i)
                             for (al::index_t k = 0; k < a[i].values.size(); ++k) sum += std::as_const(a[i].values).data()[k] * std::as_const(b[i].values).data()[k];
                           return sum;
                         },
                         x, y)
                         .compute();
  double sum = 0;
  for (double p : parts) sum += p;
  EXPECT_EQ(sum, 47.0 * 48 / 2);
  for (std::size_t w = static_cast<std::size_t>(across); w < parts.size(); ++w) EXPECT_EQ(parts[w], 0);
}

TEST(FromSpmd, ChunksAreMadeWhereTheyBelong) {
  const auto made = al::from_spmd<std::int64_t>({10, 7}, {3, 7}, [](al::SpmdContext& c, al::LocalChunks<std::int64_t>& out) {
    int before = 0, own = static_cast<int>(out.size());
    MPI_Exscan(&own, &before, 1, MPI_INT, MPI_SUM, c.comm());
    for (auto& chunk : out)
      for (al::index_t i = 0; i < chunk.values.size(); ++i) chunk.values.data()[i] = chunk.offset[0] * 7 + i;
  });
  EXPECT_EQ(made.chunks(), (al::Chunks{{3, 3, 3, 1}, {7}}));
  EXPECT_TRUE(al::all(made == al::arange<std::int64_t>(70).reshape({10, 7})).compute());
  EXPECT_EQ((made * 2).sum().compute(), 69 * 70);  // again: it is kept
}

TEST(FromSpmd, OfAnotherArray) {
  const auto x = al::arange<double>(60.0, {.chunks = 7});
  const auto y = al::from_spmd<float>({}, x.shape(), x.chunks(),
                                      [](al::SpmdContext&, al::LocalChunks<float>& out, al::LocalChunks<double>& in) {
                                        for (std::size_t i = 0; i < out.size(); ++i) out[i].values = (in[i].values + 1.0).astype<float>();
                                      },
                                      x);
  EXPECT_EQ(y.sum().compute(), 1830.0f);
}

TEST(Spmd, WhatAChunkThrowsComesBackAndNothingIsLeft) {
  const auto bad = al::arange<double>(10.0, {.chunks = 3}).map_blocks([](al::NDArray<double> block) {
    if (block(0) == 6.0) throw al::ValueError("the third chunk");
    return block;
  });
  EXPECT_THROW(al::spmd([](al::SpmdContext&, al::LocalChunks<double>& mine) { return mine.size(); }, bad), al::TaskError);
  const auto counts = al::spmd([](al::SpmdContext&, al::LocalChunks<double>& mine) { return mine.size(); }, al::ones<double>({10}, {.chunks = 3})).compute();
  std::size_t chunks = 0;
  for (std::size_t n : counts) chunks += n;
  EXPECT_EQ(chunks, 4u);
}

TEST(Spmd, UnknownLengthsAreRefused) {
  const auto x = al::arange<double>(10.0, {.chunks = 5});
  EXPECT_THROW(al::spmd(see, x(x > 3)), al::ShapeError);
}

TEST(Spmd, CallsOfTwoThreadsRunOneAfterTheOther) {
  const auto call = [] {
    for (int i = 0; i < 10; ++i) {
      const auto ranks = al::spmd(
                             [](al::SpmdContext& c, al::LocalChunks<double>&) {
                               int rank = c.rank(), all = 0;
                               MPI_Allreduce(&rank, &all, 1, MPI_INT, MPI_SUM, c.comm());
                               return all;
                             },
                             al::ones<double>({4}, {.chunks = 1}))
                             .compute();
      const int n = static_cast<int>(ranks.size());
      for (int sum : ranks) EXPECT_EQ(sum, n * (n - 1) / 2);
    }
  };
  std::thread other(call);
  call();
  other.join();
}
}  // namespace

int main(int argc, char** argv) {
  return al::run(argc, argv, [&](al::Client& c) {
    client = &c;
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
  });
}

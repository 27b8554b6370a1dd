#include "ashlar/base/options.hpp"

#include <gtest/gtest.h>

#include "ashlar/base/error.hpp"

using namespace ashlar;
using namespace std::chrono_literals;

TEST(Seconds, come_from_numbers_durations_and_text) {
  EXPECT_FALSE(Seconds().v.has_value());
  EXPECT_EQ(*Seconds(5).v, 5);
  EXPECT_EQ(*Seconds(0.5).v, 0.5);
  EXPECT_EQ(*Seconds(0).v, 0);
  EXPECT_EQ(*Seconds(1500ms).v, 1.5);
  EXPECT_EQ(*Seconds(2min).v, 120);
  EXPECT_EQ(*Seconds("5s").v, 5);
  EXPECT_DOUBLE_EQ(*Seconds("10 ms").v, 0.01);
  EXPECT_EQ(*Seconds("2 minutes").v, 120);
  EXPECT_EQ(*Seconds("1.5h").v, 5400);
  EXPECT_EQ(*Seconds("7").v, 7);
}

TEST(Seconds, that_are_no_duration_are_refused) {
  for (const char* text : {"", "soon", "5 parsecs", "s5", "5s5"}) EXPECT_THROW(Seconds::parse(text), ValueError) << text;
}

TEST(ByteCounts, are_read_as_dask_reads_them) {
  EXPECT_EQ(parse_bytes("100"), 100);
  EXPECT_EQ(parse_bytes("100 MB"), 100000000);
  EXPECT_EQ(parse_bytes("64 MiB"), 67108864);
  EXPECT_EQ(parse_bytes("1.5GB"), 1500000000);
  EXPECT_EQ(parse_bytes("5kB"), 5000);
  EXPECT_EQ(parse_bytes("1 kiB"), 1024);
  EXPECT_EQ(parse_bytes("1e6"), 1000000);
  EXPECT_EQ(parse_bytes("MB"), 1000000);
  for (const char* text : {"", "lots", "5 foos", "-1 MB", "1e300"}) EXPECT_THROW(parse_bytes(text), ValueError) << text;
}

TEST(ByteCounts, are_printed_as_dask_prints_them) {
  EXPECT_EQ(format_bytes(1), "1 B");
  EXPECT_EQ(format_bytes(1234), "1.21 kiB");
  EXPECT_EQ(format_bytes(12345678), "11.77 MiB");
  EXPECT_EQ(format_bytes(6400000000), "5.96 GiB");
  EXPECT_EQ(format_bytes(1234567890000), "1.12 TiB");
}

TEST(Times, are_printed_in_a_fitting_unit) {
  EXPECT_EQ(format_time(0.0032), "3.20 ms");
  EXPECT_EQ(format_time(1.4), "1.40 s");
  EXPECT_EQ(format_time(0.0000012), "1.20 us");
  EXPECT_EQ(format_time(1234), "20m 34s");
}

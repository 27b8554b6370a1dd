#include "ashlar/base/bytes.hpp"

#include <gtest/gtest.h>

using namespace ashlar;

TEST(Bytes, are_read_in_the_order_they_were_written) {
  Writer out;
  out.put<std::int32_t>(-7);
  out.text("north");
  out.array(std::vector<double>{1.5, 2.5});
  out.text("");
  out.put(true);
  Reader in(out.head());
  EXPECT_EQ(in.get<std::int32_t>(), -7);
  EXPECT_EQ(in.text(), "north");
  EXPECT_EQ(in.array<double>(), (std::vector<double>{1.5, 2.5}));
  EXPECT_EQ(in.text(), "");
  EXPECT_TRUE(in.get<bool>());
  EXPECT_TRUE(in.at_end());
}

TEST(Bytes, buffers_are_passed_on_and_not_copied) {
  const Buffer a = Buffer::allocate(100), b = Buffer::allocate(10);
  Writer out;
  out.buffer(a);
  out.put(1);
  out.buffer(b);
  const Parcel parcel = std::move(out).take();
  EXPECT_EQ(parcel.nbytes(), 4 + 110);
  Reader in(parcel);
  EXPECT_EQ(in.buffer().data(), a.data());
  EXPECT_EQ(in.buffer().data(), b.data());
  EXPECT_THROW(in.buffer(), InternalError);
}

TEST(Bytes, that_end_early_are_an_error_and_not_a_read_beyond_the_end) {
  Writer out;
  out.put<std::uint64_t>(1000);  // a count of elements that are not there
  for (int reader = 0; reader < 3; ++reader) {
    Reader in(out.head());
    if (reader == 0) {
      EXPECT_THROW(in.text(), InternalError);
    }
    if (reader == 1) {
      EXPECT_THROW(in.array<double>(), InternalError);
    }
    if (reader == 2) {
      EXPECT_THROW((in.get<double>(), in.get<char>()), InternalError);
    }
  }
}

TEST(Bytes, a_cleared_writer_starts_anew) {
  Writer out;
  out.text("something");
  out.buffer(Buffer::allocate(1));
  out.clear();
  EXPECT_EQ(out.size(), 0u);
  EXPECT_TRUE(out.buffers().empty());
  out.put(5);
  EXPECT_EQ(Reader(out.head()).get<int>(), 5);
}

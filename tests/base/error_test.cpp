#include "ashlar/base/error.hpp"

#include <gtest/gtest.h>

#include "ashlar/base/bytes.hpp"

using namespace ashlar;

namespace {

std::exception_ptr sent(const std::exception_ptr& error) {
  Writer out;
  encode_error(out, error);
  Reader in(out.head());
  std::exception_ptr back = decode_error(in);
  EXPECT_TRUE(in.at_end());
  return back;
}

template <class Kind>
void comes_back() {
  const std::exception_ptr back = sent(std::make_exception_ptr(Kind("wanted 3, found 4")));
  try {
    std::rethrow_exception(back);
  } catch (const Kind& e) {
    EXPECT_STREQ(e.what(), "wanted 3, found 4");
    EXPECT_EQ(e.kind(), Kind("").kind());
    EXPECT_EQ(typeid(e), typeid(Kind));
  }
}

}  // namespace

TEST(Error, every_kind_comes_back_as_itself) {
  comes_back<Error>();
  comes_back<ShapeError>();
  comes_back<TypeError>();
  comes_back<ValueError>();
  comes_back<KeyError>();
  comes_back<IndexError>();
  comes_back<IoError>();
  comes_back<MpiError>();
  comes_back<TimeoutError>();
  comes_back<CancelledError>();
  comes_back<NotImplementedError>();
  comes_back<InternalError>();
}

TEST(Error, a_task_error_keeps_all_its_fields) {
  const std::exception_ptr back = sent(std::make_exception_ptr(TaskError({"inc-12", 3, "std::out_of_range", "no such place", "float64 (3, 4)"})));
  try {
    std::rethrow_exception(back);
  } catch (const TaskError& e) {
    EXPECT_EQ(e.where().key, "inc-12");
    EXPECT_EQ(e.where().rank, 3);
    EXPECT_EQ(e.where().type, "std::out_of_range");
    EXPECT_EQ(e.where().message, "no such place");
    EXPECT_EQ(e.where().arguments, "float64 (3, 4)");
    EXPECT_STREQ(e.what(), "task inc-12 on rank 3 threw std::out_of_range: no such place (arguments: float64 (3, 4))");
  }
}

TEST(Error, what_is_no_error_of_ours_comes_back_with_its_message) {
  for (const auto& error : {std::make_exception_ptr(std::out_of_range("far away")), std::make_exception_ptr(std::string("far away"))}) {
    try {
      std::rethrow_exception(sent(error));
    } catch (const Error& e) {
      EXPECT_STREQ(e.what(), "far away");
    }
  }
}

TEST(Error, kinds_and_messages_of_anything_thrown_can_be_said) {
  EXPECT_EQ(error_kind(std::make_exception_ptr(KeyError("x"))), "KeyError");
  EXPECT_EQ(error_kind(std::make_exception_ptr(std::out_of_range("x"))), "std::out_of_range");
  EXPECT_EQ(error_kind(std::make_exception_ptr(7)), "int");
  EXPECT_EQ(error_message(std::make_exception_ptr(std::runtime_error("x"))), "x");
  EXPECT_EQ(error_message(std::make_exception_ptr(static_cast<const char*>("text"))), "text");
  EXPECT_EQ(error_message(std::make_exception_ptr(7)), "an object that is not a std::exception");
}

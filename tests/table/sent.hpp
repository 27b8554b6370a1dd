#pragma once
// What arrives when a value is sent.

#include <gtest/gtest.h>

#include <utility>

#include "ashlar/base/bytes.hpp"

namespace ashlar::reference {

template <class T>
T sent(const T& value) {
  Writer out;
  value.encode(out);
  const Parcel parcel = std::move(out).take();
  Reader in(parcel);
  T back = T::decode(in);
  EXPECT_TRUE(in.at_end());
  return back;
}

}  // namespace ashlar::reference

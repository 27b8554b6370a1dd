#pragma once
// All that it can ask for: answers.

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/coordination/event.hpp"

namespace ashlar::coordination {

enum class Outcome : std::uint8_t { done, timed_out, refused };

struct Answer {
  WorkerId worker;
  std::int64_t number = 0;
  Outcome outcome = Outcome::done;
  std::int64_t amount = 0;
  std::vector<Value> values;
  std::string reason;  ///< refused: why, for a ValueError
};

/// "Answer 3 of worker 0: done, amount 2", for tests; the client is worker -2.
std::string to_string(const Answer& answer);

}  // namespace ashlar::coordination

#pragma once
#include <exception>
#include <string>

namespace ashlar::test {

/// What `fn` throws, if it is a Kind; else a text that no test waits for.
template <class Kind, class Fn>
std::string message(const Fn& fn) {
  try {
    fn();
  } catch (const Kind& e) {
    return e.what();
  } catch (const std::exception& e) {
    return std::string("another kind: ") + e.what();
  }
  return "nothing was thrown";
}

}  // namespace ashlar::test

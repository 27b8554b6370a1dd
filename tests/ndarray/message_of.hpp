#pragma once
// What a call throws, as text: what tests compare messages with.
#include <exception>
#include <string>

/// The message of the error of kind E that f throws; else a text that no test waits for.
template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another kind of error: ") + error.what();
  }
  return "no error";
}

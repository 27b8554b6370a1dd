// A library with a record and a function of its own.
#include "ashlar/base/descriptor.hpp"

namespace {
struct Greeting : ashlar::Descriptor {
  int (*say)();
  constexpr Greeting(std::string_view name, int (*f)()) : Descriptor(name), say(f) {}
};
int forty_two() { return 42; }
constinit Greeting greeting{"plugin greeting", &forty_two};
}  // namespace

extern "C" const ashlar::Descriptor* plugin_record() { return &greeting; }
extern "C" int plugin_function() { return greeting.say(); }

#pragma once
// What gives code an identity that holds on every rank: a static record per function, type or operation, known by the build id
// of the module (program or shared library) it lies in and its offset there.
//
// A pointer is different on every rank (address randomisation), a type name is not unique (two lambdas of one function). Module and
// offset are both: ranks that run the same build have the same records at the same offsets, ranks that do not are found out by
// the build id. `resolve` checks a magic number and the hash of the name before anybody calls through a record.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/base/bytes.hpp"

namespace ashlar {

namespace detail {
constexpr std::uint64_t hash_text(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return h;
}
template <class T>
constexpr std::string_view pretty_function() {
  return __PRETTY_FUNCTION__;
}
}  // namespace detail

/// The name of a C++ type as the compiler spells it, known at compile time; equal for equal types.
template <class T>
constexpr std::string_view type_name() {
  std::string_view name = detail::pretty_function<T>();
  const auto first = name.find("T = ") + 4;
  const auto last = name.find("; std::string_view", first) == std::string_view::npos ? name.rfind(']') : name.find("; std::string_view", first);
  return name.substr(first, last - first);
}

/// Base of every static record. Derived records are `constinit` statics of templates.
struct Descriptor {
  static constexpr std::uint64_t expected_magic = 0x415348'4c41522d31u;
  std::uint64_t magic = expected_magic;
  std::uint64_t name_hash = 0;
  std::string_view name;

  constexpr explicit Descriptor(std::string_view n) : name_hash(detail::hash_text(n)), name(n) {}
};

/// A descriptor's name on the wire: 24 bytes, the same on every rank of one build.
struct DescriptorRef {
  std::uint64_t module = 0;  ///< hash of the module's build id
  std::uint64_t offset = 0;  ///< of the record from the module's load address
  std::uint64_t name_hash = 0;
  friend bool operator==(const DescriptorRef&, const DescriptorRef&) = default;
};
DescriptorRef reference_to(const Descriptor& descriptor);

/// The record of this process. ValueError when this rank has no such module or another record lies there: the ranks run
/// different builds; the message names the module.
const Descriptor& resolve(const DescriptorRef& reference);

void put_descriptor(Writer& out, const Descriptor& descriptor);
const Descriptor& get_descriptor(Reader& in);

/// The code of a free function: a pointer to it differs between ranks, its module and offset do not.
struct CodeRef {
  std::uint64_t module = 0;  ///< hash of the module's build id
  std::uint64_t offset = 0;  ///< from the module's load address
  friend bool operator==(const CodeRef&, const CodeRef&) = default;
};
CodeRef reference_to_code(const void* code);
/// The address here. ValueError as `resolve`.
const void* resolve_code(const CodeRef& reference);

/// A loaded program or shared library.
struct Module {
  std::string path;
  std::string build_id;  ///< hexadecimal; of the file's bytes where the linker wrote none
  std::uint64_t hash = 0;
};
/// The main program first, then the libraries in load order.
std::vector<Module> loaded_modules();
/// The module that holds the engine and the user's program: what ranks compare at start.
Module main_module();

/// ValueError when `bytes` hold what looks like an address of this process: a captured pointer or reference. `what` names the lambda
/// or argument. Cost: nothing when no word lies in the range of user addresses, else one system call a word.
void refuse_addresses(const void* bytes, std::size_t nbytes, std::string_view what, std::string_view advice);

}  // namespace ashlar

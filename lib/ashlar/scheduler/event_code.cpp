#include "ashlar/scheduler/event_code.hpp"

#include <utility>
#include <variant>

#include "ashlar/scheduler/fields_detail.hpp"
#include "ashlar/scheduler/state.hpp"

namespace ashlar::scheduler {
namespace {

using What = decltype(Event::what);
constexpr std::size_t alternatives = std::variant_size_v<What>;

template <std::size_t... i>
bool decode_alternative(std::size_t number, Reader& in, What& what, std::index_sequence<i...>) {
  return ((number == i && (fields::get(in, what.template emplace<i>()), true)) || ...);
}

}  // namespace

void encode(Bytes& out, const Event& event, TimeNs base) {
  fields::put_number(out, event.what.index());
  fields::put_number(out, fields::folded(event.now - base));
  std::visit([&](const auto& what) { fields::put(out, what); }, event.what);
}

Event decode_event(Reader& in, TimeNs base) {
  Event event;
  const std::uint64_t number = fields::get_number(in);
  event.now = base + fields::unfolded(fields::get_number(in));
  if (!decode_alternative(number, in, event.what, std::make_index_sequence<alternatives>{}))
    throw InternalError("no such event: wanted a number below " + std::to_string(alternatives) + ", found " + std::to_string(number));
  return event;
}

void encode(Bytes& out, const Policy& policy) { fields::put(out, policy); }

Policy decode_policy(Reader& in) {
  Policy policy;
  fields::get(in, policy);
  return policy;
}

std::string event_schema() {
  std::string text;
  const auto line = [&]<class T>(std::type_identity<T>) {
    fields::describe<T>(text);
    text += '\n';
  };
  line(std::type_identity<Policy>{});
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    (line(std::type_identity<std::variant_alternative_t<i, What>>{}), ...);
  }(std::make_index_sequence<alternatives>{});
  return text;
}

std::string to_string(const Event& event) {
  return std::visit(
      [](const auto& what) {
        std::string text(fields::type_name<std::remove_cvref_t<decltype(what)>>());
        fields::print(text, what, 8);
        return text;
      },
      event.what);
}

}  // namespace ashlar::scheduler

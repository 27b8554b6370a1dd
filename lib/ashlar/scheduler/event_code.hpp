#pragma once
// Events and policies as bytes and as text. Every alternative and every field is covered: they are walked, not listed
// (fields_detail.hpp), and an event that cannot be walked does not compile.

#include <string>

#include "ashlar/base/bytes.hpp"
#include "ashlar/scheduler/event.hpp"

namespace ashlar::scheduler {

struct Policy;

/// Appends the event; its time is written as the difference to `base`.
void encode(Bytes& out, const Event& event, TimeNs base);
/// Errors    InternalError for bytes that are no event of this build: too few, an unknown alternative.
Event decode_event(Reader& in, TimeNs base);

void encode(Bytes& out, const Policy& policy);
Policy decode_policy(Reader& in);

/// What events and policies are made of, one line each. Two builds that agree in this text read each other's bytes.
std::string event_schema();

/// One line for people: "TasksFinished(2 [(7 8 1200)])", the fields as event.hpp lists them; long lists are cut.
std::string to_string(const Event& event);

}  // namespace ashlar::scheduler

#include "ashlar/scheduler/record.hpp"

#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <type_traits>

#include "ashlar/base/error.hpp"
#include "ashlar/scheduler/event_code.hpp"
#include "ashlar/scheduler/fields_detail.hpp"

namespace ashlar::scheduler {
namespace {

using What = decltype(Event::what);
constexpr std::size_t alternatives = std::variant_size_v<What>;

Event there_and_back(const Event& event) {
  Bytes bytes;
  encode(bytes, event, 5);
  Reader in(bytes);
  Event back = decode_event(in, 5);
  EXPECT_TRUE(in.at_end());
  return back;
}

// By hand, with no help of what is tested.
TEST(EventCode, keeps_every_field_of_a_submission) {
  const GraphSubmitted submitted{TaskId(7), {"load", ""}, {{.nbytes = -1, .group = 1, .input_count = 3}, {.nbytes = std::int64_t{1} << 40}}, {TaskId(3), TaskId(-1)}, {Want::handle, Want::value}};

  const Event event = there_and_back({-12, submitted});

  ASSERT_TRUE(std::holds_alternative<GraphSubmitted>(event.what));
  const auto& back = std::get<GraphSubmitted>(event.what);
  EXPECT_EQ(event.now, -12);
  EXPECT_EQ(back.first, TaskId(7));
  EXPECT_EQ(back.groups, (std::vector<std::string>{"load", ""}));
  EXPECT_EQ(back.inputs, (std::vector<TaskId>{TaskId(3), TaskId(-1)}));
  ASSERT_EQ(back.tasks.size(), 2u);
  EXPECT_EQ(back.tasks[0].group, 1);
  EXPECT_EQ(back.tasks[0].input_count, 3u);
  EXPECT_EQ(back.tasks[0].nbytes, -1);
  EXPECT_EQ(back.tasks[1].nbytes, std::int64_t{1} << 40);
  EXPECT_EQ(back.wants, (std::vector<Want>{Want::handle, Want::value}));
}

// ---- every alternative, every field: values drawn at random for whatever fields there are

std::mt19937_64 generator{1};
std::int64_t drawn(std::int64_t n) { return static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(n)); }

template <class T>
void fill(T& value) {
  if constexpr (fields::is_id<T>) {
    value = T(static_cast<typename T::integer>(drawn(1000) - 1));
  } else if constexpr (std::is_same_v<T, bool>) {
    value = drawn(2) == 1;
  } else if constexpr (std::is_arithmetic_v<T>) {
    value = static_cast<T>(drawn(std::int64_t{1} << drawn(8 * static_cast<int>(sizeof(T)) - 1)));
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(drawn(2));
  } else if constexpr (fields::Text<T>) {
    value.assign(static_cast<std::size_t>(drawn(20)), static_cast<char>('a' + drawn(26)));
  } else if constexpr (fields::List<T>) {
    value.clear();
    for (std::int64_t n = 1 + drawn(4); n > 0; --n) {
      value.push_back({});
      fill(value.back());
    }
  } else if constexpr (fields::Maybe<T>) {
    value.reset();
    if (drawn(2)) fill(value.emplace());
  } else if constexpr (fields::is_shared<T>) {
    value.reset();
    if (drawn(2) == 0) return;
    auto held = std::make_shared<std::remove_const_t<typename T::element_type>>();
    fill(*held);
    value = std::move(held);
  } else if constexpr (fields::is_pair<T>) {
    fill(value.first);
    fill(value.second);
  } else {
    boost::pfr::for_each_field(value, [](auto& field) { fill(field); });
  }
}

template <class F, std::size_t... i>
void for_each_alternative(F&& f, std::index_sequence<i...>) {
  (f(std::type_identity<std::variant_alternative_t<i, What>>{}), ...);
}

TEST(EventCode, every_alternative_comes_back_and_every_field_shows_in_the_bytes) {
  std::size_t seen = 0;
  for_each_alternative(
      [&]<class T>(std::type_identity<T>) {
        SCOPED_TRACE(std::string(fields::type_name<T>()));
        ++seen;
        std::vector<bool> shows(boost::pfr::tuple_size_v<T>);
        for (int attempt = 0; attempt < 50; ++attempt) {
          T what;
          fill(what);
          const Event event{drawn(1'000'000), what};
          Bytes bytes, again;
          encode(bytes, event, 0);
          const Event back = there_and_back(event);
          encode(again, back, 0);
          EXPECT_EQ(back.what.index(), event.what.index());
          EXPECT_EQ(bytes, again);
          EXPECT_EQ(to_string(event), to_string(back));
          // Another value in one field: other bytes.
          std::size_t number = 0;
          T other = what;
          boost::pfr::for_each_field(other, [&](auto& field) {
            auto kept = field;
            fill(field);
            Bytes changed;
            encode(changed, Event{event.now, other}, 0);
            if (changed != bytes) shows[number] = true;
            field = kept;
            ++number;
          });
        }
        for (std::size_t field = 0; field < shows.size(); ++field) EXPECT_TRUE(shows[field]) << "field " << field;
        EXPECT_NE(event_schema().find(std::string(fields::type_name<T>()) + "("), std::string::npos);
      },
      std::make_index_sequence<alternatives>{});
  EXPECT_EQ(seen, alternatives);
}

TEST(EventCode, bytes_that_are_no_event_are_refused) {
  Bytes bytes;
  encode(bytes, Event{1, TasksFinished{WorkerId(1), {{TaskId(1), 2, 3}}}}, 0);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    Reader in(std::span<const std::byte>(bytes).first(n));
    EXPECT_THROW(decode_event(in, 0), InternalError) << n;
  }
  bytes[0] = std::byte{alternatives};
  Reader in(bytes);
  EXPECT_THROW(decode_event(in, 0), InternalError);
}

TEST(EventCode, one_line_tells_what_happened) {
  EXPECT_EQ(to_string(Event{0, TasksFinished{WorkerId(2), {{TaskId(7), 8, 1200}}}}).rfind("TasksFinished(2 [(7 8 1200", 0), 0u);
}

// ---- records

std::string recorded(int events, bool finish = true) {
  std::ostringstream out;
  RecordWriter writer(out, Policy{});
  State state;
  std::vector<Command> commands;
  const auto handle = [&](const Event& event) {
    writer.event(event);
    commands.clear();
    state.handle(event, commands);
    writer.commands(commands);
  };
  handle({0, WorkerJoined{WorkerId(0), 1, 1 << 20}});
  for (int i = 1; i < events; ++i) handle({i * 1000, GraphSubmitted{TaskId(i), {"f"}, {{.nbytes = 8}}, {}, {Want::handle}}});
  if (finish)
    writer.finish();
  else
    writer.flush();
  return out.str();
}

std::string error_of(const std::string& bytes, std::int64_t* events = nullptr) {
  std::istringstream in(bytes);
  try {
    RecordReader reader(in);
    while (const auto next = reader.next())
      if (events) *events = next->number + 1;
  } catch (const IoError& e) {
    return e.what();
  }
  return "";
}

TEST(Record, gives_back_every_event_its_time_and_the_hash_after_it) {
  const std::string bytes = recorded(1000);
  std::istringstream in(bytes);
  RecordReader reader(in);
  State state(reader.policy());
  CommandHash hash;
  std::vector<Command> commands;
  std::int64_t events = 0;
  while (const auto next = reader.next()) {
    EXPECT_EQ(next->number, events++);
    EXPECT_EQ(next->event.now, next->number * 1000);
    commands.clear();
    state.handle(next->event, commands);
    for (const Command& command : commands) hash.add(command);
    ASSERT_TRUE(next->hash);
    EXPECT_EQ(*next->hash, static_cast<std::uint32_t>(hash.value()));
  }
  EXPECT_EQ(events, 1000);
  EXPECT_EQ(reader.hash(), hash.value());
  EXPECT_EQ(reader.ending(), "");
  EXPECT_FALSE(reader.next());
}

TEST(Record, is_small) { EXPECT_LT(recorded(10'000).size(), 10'000u * 30); }

TEST(Record, a_record_that_ends_early_gives_its_whole_events_and_then_an_error) {
  std::int64_t events = 0;
  const std::string killed = error_of(recorded(500, false), &events);
  EXPECT_EQ(events, 500);
  EXPECT_NE(killed.find("ends early, after 500 whole events"), std::string::npos) << killed;
  // Cut anywhere: an error, whatever is there.
  const std::string bytes = recorded(20);
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_NE(error_of(bytes.substr(0, n)), "") << n;
  EXPECT_EQ(error_of(bytes), "");
}

TEST(Record, a_byte_that_changed_is_noticed) {
  const std::string bytes = recorded(20);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    std::string damaged = bytes;
    damaged[n] = static_cast<char>(damaged[n] ^ 4);
    EXPECT_NE(error_of(damaged), "") << n;
  }
}

TEST(Record, another_version_and_other_events_are_told_apart) {
  std::string bytes = recorded(1);
  EXPECT_NE(error_of("something else altogether").find("not a record"), std::string::npos);
  bytes[14] = 9;
  EXPECT_NE(error_of(bytes).find("wanted 1, found 9"), std::string::npos);
}

TEST(Record, tells_how_the_machine_ended) {
  std::ostringstream out;
  RecordWriter writer(out, Policy{});
  writer.event({1, WorkerJoined{WorkerId(0), 1, 1}});
  writer.finish("it threw");
  std::istringstream in(out.str());
  RecordReader reader(in);

  const auto event = reader.next();

  ASSERT_TRUE(event);
  EXPECT_FALSE(event->hash);
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.ending(), "it threw");
}

TEST(Record, a_stream_that_fails_ends_the_record_and_throws_nothing) {
  std::ostringstream out;
  RecordWriter writer(out, Policy{});
  out.setstate(std::ios::badbit);
  writer.event({1, WorkerJoined{WorkerId(0), 1, 1}});
  writer.commands({});
  writer.finish();
  EXPECT_FALSE(writer.good());
}

}  // namespace
}  // namespace ashlar::scheduler

#include "ashlar/protocol/messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ashlar/base/error.hpp"

namespace ashlar::protocol {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// An operation with something to carry.
class Number final : public OperationOf<Number> {
 public:
  explicit Number(int n) : n(n) {}
  void encode(Writer& out) const override { out.put(n); }
  static std::shared_ptr<const Number> decode(Reader& in) { return std::make_shared<Number>(in.get<int>()); }
  Object run(TaskInput&) const override { return Object::of(n); }
  int n;
};

int number_of(const std::shared_ptr<const Operation>& operation) { return dynamic_cast<const Number&>(*operation).n; }

Buffer buffer_of(std::initializer_list<int> values) {
  Buffer buffer = Buffer::allocate(values.size());
  std::size_t i = 0;
  for (int v : values) buffer.data()[i++] = static_cast<std::byte>(v);
  return buffer;
}

// One message through the bytes; nothing may be left over.
template <class M>
M sent(const M& message) {
  Writer out;
  encode(out, message);
  const Parcel parcel = std::move(out).take();
  Reader in(parcel);
  Message back = decode(in);
  EXPECT_TRUE(in.at_end());
  return std::get<M>(std::move(back));
}

TEST(Messages, keep_every_field) {
  const auto defined = sent(DefineOperation{OperationId(7), std::make_shared<Number>(5)});
  EXPECT_EQ(defined.id, OperationId(7));
  EXPECT_EQ(number_of(defined.operation), 5);
  EXPECT_EQ(sent(ForgetOperation{OperationId(8)}).id, OperationId(8));
  EXPECT_THAT(sent(FreeData{{TaskId(1), TaskId(5'000'000'000)}}).data, ElementsAre(TaskId(1), TaskId(5'000'000'000)));
  EXPECT_TRUE(sent(FreeData{}).data.empty());
  EXPECT_EQ(sent(RetractTask{TaskId(9)}).task, TaskId(9));
  EXPECT_EQ(sent(SendValue{TaskId(10)}).data, TaskId(10));
  EXPECT_EQ(sent(SendValue{TaskId(10)}).to, client_id);
  const auto to_tasks = sent(SendValue{TaskId(10), WorkerId(3), -17});
  EXPECT_EQ(to_tasks.to, WorkerId(3));
  EXPECT_EQ(to_tasks.name, -17);
  const auto answer = sent(TaskAnswer{5, 2, {Bytes(3), {buffer_of({1, 2})}}});
  EXPECT_EQ(answer.number, 5);
  EXPECT_EQ(answer.kind, 2);
  EXPECT_EQ(answer.payload.head.size(), 3u);
  EXPECT_EQ(answer.payload.buffers.at(0).size(), 2u);
  const auto request = sent(TaskRequest{6, 3, {Bytes(4), {}}});
  EXPECT_EQ(request.number, 6);
  EXPECT_EQ(request.service, 3);
  EXPECT_EQ(request.payload.head.size(), 4u);
  const auto result = sent(ResultValue{-18, Object::of(2.5)});
  EXPECT_EQ(result.name, -18);
  EXPECT_EQ(result.value.get<double>(), 2.5);
  const auto put = sent(PutValue{TaskId(11), Object::of(std::string("text"))});
  EXPECT_EQ(put.data, TaskId(11));
  EXPECT_EQ(put.value.get<std::string>(), "text");
  EXPECT_EQ(sent(Shutdown{-3}).exit_code, -3);
  const auto asked = sent(AskData{TaskId(12), true});
  EXPECT_EQ(asked.data, TaskId(12));
  EXPECT_TRUE(asked.last_use);
  EXPECT_EQ(sent(WithdrawData{TaskId(13)}).data, TaskId(13));
  EXPECT_EQ(sent(DataValue{TaskId(14), Object::of(2.5)}).value.get<double>(), 2.5);
  EXPECT_EQ(sent(ValueReport{TaskId(15), Object::of(3)}).data, TaskId(15));
  EXPECT_EQ(sent(SpillReport{16}).nbytes, 16);
  const auto copy = sent(CopyData{TaskId(17), WorkerId(18), 19});
  EXPECT_EQ(copy.data, TaskId(17));
  EXPECT_EQ(copy.holder, WorkerId(18));
  EXPECT_EQ(copy.nbytes, 19);
  EXPECT_EQ(sent(CopyReport{TaskId(20)}).data, TaskId(20));
  sent(Goodbye{});
  EXPECT_EQ(sent(DescribeWaits{16}).number, 16);
  const auto waits = sent(WaitsReport{17, 18, 19, {{WaitKind::asked, TaskId(20), TaskId(21), WorkerId(22), 23, 24}, {WaitKind::peer, TaskId(), TaskId(25), WorkerId(26)}}});
  EXPECT_EQ(waits.number, 17);
  EXPECT_EQ(waits.tasks, 18);
  EXPECT_EQ(waits.left_out, 19);
  ASSERT_EQ(waits.waits.size(), 2u);
  EXPECT_EQ(waits.waits[0].kind, WaitKind::asked);
  EXPECT_EQ(waits.waits[0].task, TaskId(20));
  EXPECT_EQ(waits.waits[0].data, TaskId(21));
  EXPECT_EQ(waits.waits[0].worker, WorkerId(22));
  EXPECT_EQ(waits.waits[0].ns, 23);
  EXPECT_EQ(waits.waits[0].cpu_ns, 24);
  EXPECT_EQ(waits.waits[1].data, TaskId(25));
}

TEST(Messages, keep_a_task_with_its_inputs_and_buffers) {
  GiveTask task{TaskId(1), 22, true, OperationId(3), 44, {{TaskId(5), WorkerId(6), 77, true}, {TaskId(8), client_id, 0, false}}, 99, {}, nullptr};
  task.payload.head = Bytes(3, std::byte{9});
  task.payload.buffers = {buffer_of({1, 2}), buffer_of({})};

  const GiveTask back = sent(task);

  EXPECT_EQ(back.task, TaskId(1));
  EXPECT_EQ(back.order, 22);
  EXPECT_TRUE(back.fetch);
  EXPECT_EQ(back.operation, OperationId(3));
  EXPECT_EQ(back.index, 44);
  ASSERT_EQ(back.inputs.size(), 2u);
  EXPECT_EQ(back.inputs[0].task, TaskId(5));
  EXPECT_EQ(back.inputs[0].holder, WorkerId(6));
  EXPECT_EQ(back.inputs[0].nbytes, 77);
  EXPECT_TRUE(back.inputs[0].last_use);
  EXPECT_EQ(back.inputs[1].holder, client_id);
  EXPECT_FALSE(back.inputs[1].last_use);
  EXPECT_EQ(back.nbytes, 99);
  EXPECT_THAT(back.payload.head, ElementsAre(std::byte{9}, std::byte{9}, std::byte{9}));
  ASSERT_EQ(back.payload.buffers.size(), 2u);
  EXPECT_EQ(back.payload.buffers[0].data()[1], std::byte{2});
  EXPECT_EQ(back.payload.buffers[1].size(), 0u);
}

TEST(Messages, keep_the_limits_of_the_few_tasks_that_have_some) {
  GiveTask task;
  task.limits = std::make_shared<TaskLimits>(TaskLimits{1'500'000'000, {{"GPU", 2'000'000}, {"disk", 500'000}}});

  const GiveTask back = sent(task);

  EXPECT_FALSE(back.fetch);
  ASSERT_TRUE(back.limits);
  EXPECT_EQ(back.limits->timeout_ns, 1'500'000'000);
  EXPECT_EQ(back.limits->resources, (ResourceAmounts{{"GPU", 2'000'000}, {"disk", 500'000}}));
  EXPECT_FALSE(sent(GiveTask{}).limits);
  const auto moved = sent(InputMoved{TaskId(6), WorkerId(3)});
  EXPECT_EQ(moved.data, TaskId(6));
  EXPECT_EQ(moved.holder, WorkerId(3));
  EXPECT_EQ(sent(AskBackTask{TaskId(6), 7}).number, 7);
  const auto answer = sent(TaskReturned{TaskId(6), 7, true});
  EXPECT_EQ(answer.task, TaskId(6));
  EXPECT_EQ(answer.number, 7);
  EXPECT_TRUE(answer.returned);
}

TEST(Messages, keep_calls_and_reports_with_and_without_errors) {
  const auto call = sent(CallWorker{5, true, std::make_shared<Number>(6), {Bytes(2, std::byte{1}), {buffer_of({7})}}});
  EXPECT_EQ(call.number, 5);
  EXPECT_TRUE(call.collective);
  EXPECT_EQ(number_of(call.operation), 6);
  EXPECT_EQ(call.payload.buffers.at(0).data()[0], std::byte{7});

  const auto report = sent(TaskReport{TaskId(1), 20, 30, true, Object::of(4)});
  EXPECT_EQ(report.nbytes, 20);
  EXPECT_EQ(report.took_ns, 30);
  EXPECT_EQ(report.value.get<int>(), 4);
  EXPECT_TRUE(sent(TaskReport{TaskId(1), 20, 30, false, {}}).value.empty());

  EXPECT_EQ(sent(CallReport{9, Object::of(8), nullptr}).value.get<int>(), 8);
  const auto failed = sent(CallReport{9, {}, std::make_exception_ptr(IoError("no room"))});
  EXPECT_THROW(std::rethrow_exception(failed.error), IoError);
  const auto failure = sent(TaskFailure{TaskId(2), std::make_exception_ptr(std::runtime_error("said so"))});
  EXPECT_EQ(failure.task, TaskId(2));
  EXPECT_THAT(error_message(failure.error), HasSubstr("said so"));
}

TEST(Messages, follow_one_another_in_a_batch) {
  Writer out;
  encode(out, DataValue{TaskId(1), Object::of(std::vector<double>(1000, 1.5))});
  encode(out, FreeData{{TaskId(2)}});
  encode(out, DataValue{TaskId(3), Object::of(std::vector<double>(2000, 2.5))});
  const Parcel parcel = std::move(out).take();

  Reader in(parcel);
  EXPECT_EQ(std::get<DataValue>(decode(in)).value.get<std::vector<double>>().back(), 1.5);
  EXPECT_THAT(std::get<FreeData>(decode(in)).data, ElementsAre(TaskId(2)));
  EXPECT_EQ(std::get<DataValue>(decode(in)).value.get<std::vector<double>>().size(), 2000u);
  EXPECT_TRUE(in.at_end());
}

TEST(Messages, have_the_bytes_of_the_table_in_the_README) {
  Writer out;
  encode(out, AskData{TaskId(0x0102), true});
  EXPECT_THAT(out.head(), ElementsAre(std::byte{14}, std::byte{2}, std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},
                                      std::byte{1}));
  GiveTask two_inputs;
  two_inputs.inputs.resize(2);
  GiveTask limited;
  limited.limits = std::make_shared<TaskLimits>(TaskLimits{1, {{"GPU", 1}}});
  const std::pair<Message, std::size_t> sizes[] = {
      {ForgetOperation{}, 5}, {GiveTask{}, 1 + 33 + 8 + 12}, {two_inputs, 1 + 33 + 2 * 21 + 8 + 12}, {FreeData{{TaskId(1)}}, 17}, {RetractTask{}, 9},
      {SendValue{}, 21},      {PutValue{}, 10},          {Shutdown{}, 5},                                     {TaskReport{}, 26},          {ValueReport{}, 10},
      {CallReport{}, 11},     {Goodbye{}, 1},            {AskData{}, 10},                                     {WithdrawData{}, 9},         {DataValue{}, 10},
      {limited, 1 + 33 + 8 + 12 + 8 + 4 + 8 + 3 + 8}, {InputMoved{}, 13},
      {DescribeWaits{}, 9},   {WaitsReport{0, 0, 0, {{}}}, 1 + 28 + 37},
      {TaskAnswer{}, 22},     {TaskRequest{}, 22},       {ResultValue{}, 10},                                  {SpillReport{}, 9},
      {AskBackTask{}, 13},    {TaskReturned{}, 14},      {CopyData{}, 21},                                    {CopyReport{}, 9}};
  for (const auto& [message, size] : sizes) {
    Writer one;
    encode(one, message);
    EXPECT_EQ(one.size(), size) << "alternative " << message.index();
  }
}

TEST(Messages, that_are_cut_short_or_of_no_known_kind_are_refused) {
  Writer out;
  encode(out, GiveTask{TaskId(1), 2, false, OperationId(3), 4, {{TaskId(5), WorkerId(6), 7, false}}, 0, {}, std::make_shared<TaskLimits>(TaskLimits{1, {{"GPU", 1}}})});
  const Bytes whole = out.head();
  for (std::size_t n = 1; n < whole.size(); ++n) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    Reader in(part);
    EXPECT_THROW(decode(in), InternalError) << n << " of " << whole.size() << " bytes";
  }
  const Bytes unknown(1, std::byte{200});
  Reader in(unknown);
  EXPECT_THROW(decode(in), InternalError);
}

}  // namespace
}  // namespace ashlar::protocol

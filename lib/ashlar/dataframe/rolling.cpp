#include "ashlar/dataframe/rolling.hpp"

#include "ashlar/dataframe/dataframe.hpp"
#include "ashlar/dataframe/exchange.hpp"

namespace ashlar {

using dataframe::PlanPtr;
using dataframe::Step;
using dataframe::StepKind;
using Function = table::Rolling::Function;

Rolling::Rolling(PlanPtr column, const RollingOptions& options) : column_(std::move(column)) {
  how_.window = options.window;
  how_.min_periods = options.min_periods.value_or(options.window);
  how_.check();
}

Series Rolling::of(Function function, int ddof, double q) const {
  table::Rolling how = how_;
  how.function = function;
  how.ddof = ddof;
  how.q = q;
  how.check();
  Step frame;
  frame.kind = StepKind::to_frame;
  frame.names = {"border"};
  const std::int64_t carried = std::max<std::int64_t>(1, how.window - 1);
  Step last;
  last.kind = StepKind::tail;
  last.n = carried;
  const PlanPtr of_each = dataframe::make_step("tail", std::move(last), {dataframe::make_step("to-frame", std::move(frame), {column_})});
  const PlanPtr before = dataframe::borders(of_each, dataframe::Border::before, carried, table::Cumulative::sum, column_);
  Step step;
  step.kind = StepKind::rolling;
  step.op = static_cast<std::uint8_t>(function);
  step.n = how.window;
  step.values = {Value(how.min_periods), Value(how.ddof), Value(how.q)};
  return Series(dataframe::make_step("rolling-" + std::string(how.name()), std::move(step), {column_, before}));
}

Series Rolling::sum() const { return of(Function::sum); }
Series Rolling::mean() const { return of(Function::mean); }
Series Rolling::min() const { return of(Function::min); }
Series Rolling::max() const { return of(Function::max); }
Series Rolling::count() const { return of(Function::count); }
Series Rolling::std(const DdofOptions& options) const { return of(Function::std, options.ddof); }
Series Rolling::std() const { return of(Function::std); }
Series Rolling::var(const DdofOptions& options) const { return of(Function::var, options.ddof); }
Series Rolling::var() const { return of(Function::var); }
Series Rolling::median() const { return of(Function::median); }
Series Rolling::quantile(const QuantileOptions& options) const { return of(Function::quantile, 1, options.q.v); }

FrameRolling::FrameRolling(PlanPtr table, const RollingOptions& options) : table_(std::move(table)), options_(options) {
  Rolling(table_, options);  // says what is wrong now
}

template <class Fn>
DataFrame FrameRolling::each(Fn fn) const {
  const DataFrame frame(table_);
  DataFrame out = frame;
  for (const std::string& name : frame.columns())
    if (is_numeric(table_->table()[name].type())) out = out.assign(Name(name), fn(frame.column(Name(name)).rolling(options_)));
  return out;
}

DataFrame FrameRolling::sum() const {
  return each([](const Rolling& r) { return r.sum(); });
}
DataFrame FrameRolling::mean() const {
  return each([](const Rolling& r) { return r.mean(); });
}
DataFrame FrameRolling::min() const {
  return each([](const Rolling& r) { return r.min(); });
}
DataFrame FrameRolling::max() const {
  return each([](const Rolling& r) { return r.max(); });
}
DataFrame FrameRolling::count() const {
  return each([](const Rolling& r) { return r.count(); });
}
DataFrame FrameRolling::std() const {
  return each([](const Rolling& r) { return r.std(); });
}
DataFrame FrameRolling::var() const {
  return each([](const Rolling& r) { return r.var(); });
}
DataFrame FrameRolling::median() const {
  return each([](const Rolling& r) { return r.median(); });
}

Rolling Series::rolling(const RollingOptions& options) const { return Rolling(node_, options); }
FrameRolling DataFrame::rolling(const RollingOptions& options) const { return FrameRolling(node_, options); }

}  // namespace ashlar

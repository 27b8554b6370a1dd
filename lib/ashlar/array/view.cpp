#include "ashlar/array/view_detail.hpp"

namespace ashlar::lowering {

View View::identity(int ndim) {
  View view;
  for (int i = 0; i < ndim; ++i) view.axes.push_back({i, 0, 1, nullptr});
  return view;
}

View View::broadcast(const Shape& from, const Shape& to) {
  View view;
  const int lead = to.ndim() - from.ndim();
  for (int i = 0; i < from.ndim(); ++i) {
    const index_t length = from[static_cast<std::size_t>(i)];
    if (length == 1) view.axes.push_back({-1, 0, 0, nullptr});
    else view.axes.push_back({i + lead, 0, 1, nullptr});
  }
  return view;
}

void View::encode(Writer& out) const {
  out.put<std::uint64_t>(axes.size());
  for (const AxisMap& axis : axes) {
    out.put(axis.from);
    out.put(axis.start);
    out.put(axis.step);
    out.put<bool>(axis.list != nullptr);
    if (axis.list) out.array(*axis.list);
  }
}

View View::decode(Reader& in) {
  View view;
  view.axes.resize(in.get<std::uint64_t>());
  for (AxisMap& axis : view.axes) {
    axis.from = in.get<int>();
    axis.start = in.get<index_t>();
    axis.step = in.get<index_t>();
    if (in.get<bool>()) axis.list = std::make_shared<const std::vector<index_t>>(in.array<index_t>());
  }
  return view;
}

View compose(const View& outer, const View& inner, const Shape& space) {
  View result;
  for (const AxisMap& in : inner.axes) {
    if (in.from < 0) {
      result.axes.push_back({-1, in.at(0), 0, nullptr});
      continue;
    }
    const AxisMap& out = outer.axes[static_cast<std::size_t>(in.from)];
    if (out.from < 0) {
      result.axes.push_back({-1, in.at(out.at(0)), 0, nullptr});
    } else if (!out.list) {
      result.axes.push_back({out.from, in.start + in.step * out.start, in.step * out.step, in.list});
    } else {
      std::vector<index_t> list;
      const index_t n = space[static_cast<std::size_t>(out.from)];
      list.reserve(static_cast<std::size_t>(n));
      for (index_t i = 0; i < n; ++i) list.push_back(in.at(out.at(i)));
      result.axes.push_back({out.from, 0, 1, std::make_shared<const std::vector<index_t>>(std::move(list))});
    }
  }
  return result;
}

std::optional<LinearIndex> through(const LinearIndex& index, const View& view, int ndim) {
  LinearIndex result{index.base, std::vector<index_t>(static_cast<std::size_t>(ndim), 0)};
  for (std::size_t i = 0; i < view.axes.size(); ++i) {
    const AxisMap& axis = view.axes[i];
    const index_t coefficient = index.coefficients.empty() ? 0 : index.coefficients[i];
    if (coefficient == 0) continue;
    if (axis.from < 0) result.base += coefficient * axis.at(0);
    else if (axis.list) return std::nullopt;
    else {
      result.base += coefficient * axis.start;
      result.coefficients[static_cast<std::size_t>(axis.from)] += coefficient * axis.step;
    }
  }
  return result;
}

std::optional<LinearIndex> reshaped(const LinearIndex& index, const Shape& from, const Shape& to) {
  LinearIndex result{index.base, std::vector<index_t>(to.size(), 0)};
  if (from.elements() == 0) return result;
  std::vector<index_t> lengths, steps;
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1) {
      lengths.push_back(from[i]);
      steps.push_back(index.coefficients.empty() ? 0 : index.coefficients[i]);
    }
  // Old and new axes are matched in groups of equal products; inside a group the index must walk on without a jump.
  std::size_t old_begin = 0, new_begin = 0;
  while (old_begin < lengths.size()) {
    std::size_t old_end = old_begin + 1, new_end = new_begin;
    index_t old_product = lengths[old_begin], new_product = 1;
    while (new_product != old_product) {
      if (new_product < old_product) new_product *= to[new_end++];
      else old_product *= lengths[old_end++];
    }
    for (std::size_t i = old_begin; i + 1 < old_end; ++i)
      if (steps[i] != lengths[i + 1] * steps[i + 1]) return std::nullopt;
    index_t step = steps[old_end - 1];
    for (std::size_t i = new_end; i-- > new_begin;) {
      result.coefficients[i] = step;
      step *= to[i];
    }
    old_begin = old_end;
    new_begin = new_end;
  }
  return result;
}

}  // namespace ashlar::lowering

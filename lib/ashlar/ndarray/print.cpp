#include "ashlar/ndarray/print.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <complex>
#include <cstdio>
#include <functional>
#include <vector>

namespace ashlar {
namespace {

using Format = std::function<std::string(const std::byte*)>;

/// The shown part of an array: all of it, or the edges of each long axis.
struct Shown {
  std::vector<std::vector<index_t>> indices;  // per axis
  bool summarized = false;
};

Shown shown_part(const Block& block, const PrintOptions& options) {
  Shown shown;
  shown.summarized = block.size() > options.threshold;
  for (index_t length : block.shape()) {
    auto& list = shown.indices.emplace_back();
    const bool cut = shown.summarized && length > 2 * options.edgeitems;
    for (index_t i = 0; i < length; ++i)
      if (!cut || i < options.edgeitems || i >= length - options.edgeitems) list.push_back(i);
      else i = length - options.edgeitems - 1;
  }
  return shown;
}

template <class T>
void collect(const Block& block, const Shown& shown, std::size_t axis, const T* at, std::vector<T>& values) {
  if (axis == shown.indices.size()) return values.push_back(*at);
  for (index_t i : shown.indices[axis]) collect(block, shown, axis + 1, at + i * block.strides()[axis], values);
}

std::string printed(const char* format, int precision, double value) {
  std::array<char, 512> text;
  const int n = std::snprintf(text.data(), text.size(), format, precision, value);
  return {text.data(), static_cast<std::size_t>(n)};
}

/// The shortest digits that read back as the same number, as "-d.ddde+xx".
template <class T>
std::string shortest_scientific(T value) {
  std::array<char, 64> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific).ptr};
}

void trim_zeros(std::string& text) {
  if (text.find('.') == std::string::npos) text += '.';
  else text.erase(text.find_last_not_of('0') + 1);
}

struct Parts {
  std::string whole, fraction, exponent;  // the exponent's digits with their sign
};

Parts split(const std::string& text) {
  Parts parts;
  const auto e = text.find('e');
  const std::string mantissa = text.substr(0, e);
  if (e != std::string::npos) parts.exponent = text.substr(e + 1);
  const auto point = mantissa.find('.');
  parts.whole = mantissa.substr(0, point);
  if (point != std::string::npos) parts.fraction = mantissa.substr(point + 1);
  return parts;
}

/// The shortest digits without an exponent: 123456790 for the float 123456792, where std::to_chars gives all nine digits.
template <class T>
std::string shortest_positional(T value) {
  const Parts parts = split(shortest_scientific(value));
  const bool negative = parts.whole.front() == '-';
  const int exponent = std::stoi(parts.exponent);
  std::string digits = parts.whole.substr(negative) + parts.fraction;
  if (exponent < 0) {
    digits.insert(0, static_cast<std::size_t>(-exponent), '0');
    digits.insert(1, ".");
  } else if (const auto point = static_cast<std::size_t>(exponent) + 1; point < digits.size()) {
    digits.insert(point, ".");
  } else {
    digits.append(point - digits.size(), '0');
  }
  return (negative ? "-" : "") + digits;
}

/// One number by itself: exponents from 1e16 and below 1e-4.
template <class T>
std::string float_text(T value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const double size = std::abs(static_cast<double>(value));
  return size != 0 && (size >= 1e16 || size < 1e-4) ? shortest_scientific(value) : shortest_positional(value);
}

template <class T>
std::string value_text(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "True" : "False";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    const std::string text = float_text(value);
    return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
  } else {
    std::string imaginary = float_text(value.imag());
    if (value.real() == 0 && !std::signbit(value.real())) return imaginary + "j";
    if (imaginary.front() != '-') imaginary.insert(0, 1, '+');
    return "(" + float_text(value.real()) + imaginary + "j)";
  }
}

/// How all floats of an array are printed: positional or with exponents, and the widths on both sides of the point.
template <class T>
class FloatFormat {
 public:
  /// `signed_always` writes the plus too: the imaginary parts.
  FloatFormat(const std::vector<T>& values, int precision, bool signed_always) : precision_(precision), plus_(signed_always) {
    T largest = 0, smallest = 0;
    bool any_nonzero = false, any_finite = false, all_finite = true, negative_infinity = false;
    for (T value : values) {
      if (!std::isfinite(value)) {
        all_finite = false;
        negative_infinity = negative_infinity || (std::isinf(value) && value < 0);
        continue;
      }
      any_finite = true;
      if (value == 0) continue;
      const T size = std::abs(value);
      largest = any_nonzero ? std::max(largest, size) : size;
      smallest = any_nonzero ? std::min(smallest, size) : size;
      any_nonzero = true;
    }
    // The ratio is rounded to T before it is compared, as NumPy does.
    exponents_ = any_nonzero && (static_cast<double>(largest) >= 1e8 || static_cast<double>(smallest) < 1e-4 ||
                                 static_cast<double>(static_cast<T>(largest / smallest)) > 1000.0);
    if (any_finite) measure(values);
    if (!all_finite) {
      const int offset = right_ + 1;
      left_ = std::max({left_, 3 - offset, 3 + (plus_ || negative_infinity ? 1 : 0) - offset});
    }
  }

  std::string operator()(T value) const {
    if (std::isnan(value)) return padded_word(plus_ ? "+nan" : "nan");
    if (std::isinf(value)) return padded_word(value < 0 ? "-inf" : plus_ ? "+inf" : "inf");
    Parts parts = split(exponents_ ? with_sign(value, printed("%.*e", fraction_, static_cast<double>(value))) : positional(value));
    std::string text = std::string(static_cast<std::size_t>(std::max(0, left_ - static_cast<int>(parts.whole.size()))), ' ') + parts.whole + '.' + parts.fraction;
    if (!exponents_) {
      text.append(static_cast<std::size_t>(std::max(0, right_ - static_cast<int>(parts.fraction.size()))), ' ');
      return text;
    }
    const std::string digits = parts.exponent.substr(1);
    return text + 'e' + parts.exponent[0] + std::string(static_cast<std::size_t>(std::max(0, exponent_ - static_cast<int>(digits.size()))), '0') + digits;
  }

 private:
  void measure(const std::vector<T>& values) {
    for (T value : values) {
      if (!std::isfinite(value)) continue;
      const Parts parts = split(exponents_ ? scientific(value) : positional(value));
      left_ = std::max(left_, static_cast<int>(parts.whole.size()));
      fraction_ = std::max(fraction_, static_cast<int>(parts.fraction.size()));
      if (exponents_) exponent_ = std::max(exponent_, static_cast<int>(parts.exponent.size()) - 1);
    }
    right_ = exponents_ ? exponent_ + 2 + fraction_ : fraction_;
  }

  std::string with_sign(T value, std::string text) const { return plus_ && !std::signbit(value) ? "+" + text : text; }

  /// The shortest digits, or the value rounded when those are more than the precision.
  std::string positional(T value) const {
    std::string text = shortest_positional(value);
    if (static_cast<int>(split(text).fraction.size()) > precision_) text = printed("%.*f", precision_, static_cast<double>(value));
    trim_zeros(text);
    return with_sign(value, text);
  }
  std::string scientific(T value) const {
    std::string text = shortest_scientific(value);
    if (static_cast<int>(split(text).fraction.size()) > precision_) text = printed("%.*e", precision_, static_cast<double>(value));
    const Parts parts = split(text);
    std::string mantissa = parts.whole + (parts.fraction.empty() ? "" : "." + parts.fraction);
    trim_zeros(mantissa);
    return with_sign(value, mantissa + "e" + parts.exponent);
  }
  std::string padded_word(const std::string& word) const {
    return std::string(static_cast<std::size_t>(std::max(0, left_ + right_ + 1 - static_cast<int>(word.size()))), ' ') + word;
  }

  int precision_;
  bool plus_, exponents_ = false;
  int left_ = 0, right_ = 0, fraction_ = 0, exponent_ = -1;
};

template <class T>
Format element_format(const std::vector<T>& values, const PrintOptions& options) {
  const auto element = [](const std::byte* at) { return *reinterpret_cast<const T*>(at); };
  if constexpr (std::is_same_v<T, bool>) {
    return [=](const std::byte* at) { return element(at) ? " True" : "False"; };
  } else if constexpr (std::is_integral_v<T>) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const std::size_t width = std::max(std::to_string(*low).size(), std::to_string(*high).size());
    return [=](const std::byte* at) {
      const std::string text = std::to_string(element(at));
      return std::string(width - text.size(), ' ') + text;
    };
  } else if constexpr (std::is_floating_point_v<T>) {
    return [=, format = FloatFormat<T>(values, options.precision, false)](const std::byte* at) { return format(element(at)); };
  } else {
    using Part = typename T::value_type;
    std::vector<Part> real, imaginary;
    for (const T& value : values) {
      real.push_back(value.real());
      imaginary.push_back(value.imag());
    }
    return [=, re = FloatFormat<Part>(real, options.precision, false), im = FloatFormat<Part>(imaginary, options.precision, true)](const std::byte* at) {
      std::string text = im(element(at).imag());
      text.insert(text.find_last_not_of(' ') + 1, 1, 'j');
      return re(element(at).real()) + text;
    };
  }
}

class Printer {
 public:
  Printer(const Block& block, const PrintOptions& options, const Shown& shown, Format format)
      : block_(block), shown_(shown), format_(std::move(format)), edge_(options.edgeitems), nbytes_(itemsize(block.dtype())) {}

  std::string print(std::size_t axis, const std::byte* at, const std::string& indent, int width) const {
    const auto& indices = shown_.indices[axis];
    const index_t stride = block_.strides()[axis] * nbytes_;
    const bool gap = shown_.summarized && block_.shape()[axis] > 2 * edge_;
    const std::size_t axes_left = shown_.indices.size() - axis;
    std::string done;
    if (axes_left == 1) {
      std::string line = indent;
      for (std::size_t k = 0; k < indices.size(); ++k) {
        if (gap && k == static_cast<std::size_t>(edge_)) {
          extend(done, line, "...", indent, width - 1);
          line += ' ';
        }
        extend(done, line, format_(at + indices[k] * stride), indent, width - 1);
        if (k + 1 < indices.size()) line += ' ';
      }
      done += line;
    } else {
      const std::string separator(axes_left - 1, '\n');
      for (std::size_t k = 0; k < indices.size(); ++k) {
        if (gap && k == static_cast<std::size_t>(edge_)) done += indent + "..." + separator;
        done += indent + print(axis + 1, at + indices[k] * stride, indent + ' ', width - 1);
        if (k + 1 < indices.size()) done += separator;
      }
    }
    return '[' + done.substr(indent.size()) + ']';
  }

 private:
  /// Appends a word to the line, on a new one when it would not fit and is not the line's first.
  static void extend(std::string& done, std::string& line, const std::string& word, const std::string& indent, int width) {
    if (static_cast<int>(line.size() + word.size()) > width && line.size() > indent.size()) {
      line.erase(line.find_last_not_of(' ') + 1);
      done += line + '\n';
      line = indent;
    }
    line += word;
  }

  const Block& block_;
  const Shown& shown_;
  Format format_;
  index_t edge_;
  index_t nbytes_;
};

}  // namespace

std::string ScalarValue::text() const {
  return visit_dtype(type, [&]<class T>(std::type_identity<T>) { return value_text(as<T>()); });
}

std::string to_string(const Block& block, const PrintOptions& options) {
  if (block.ndim() == 0) return block.item({}).text();
  if (block.size() == 0) return "[]";
  const Shown shown = shown_part(block, options);
  Format format = visit_dtype(block.dtype(), [&]<class T>(std::type_identity<T>) {
    std::vector<T> values;
    collect(block, shown, 0, block.as<T>(), values);
    return element_format<T>(values, options);
  });
  return Printer(block, options, shown, std::move(format)).print(0, block.data(), " ", options.linewidth);
}

}  // namespace ashlar

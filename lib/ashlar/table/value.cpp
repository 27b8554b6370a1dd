#include "ashlar/table/value.hpp"

#include <charconv>
#include <cmath>

#include "ashlar/table/timestamp_text.hpp"

namespace ashlar {

namespace {
enum Kind : std::size_t { null_kind, bool_kind, int64_kind, uint64_kind, double_kind, string_kind, timestamp_kind, duration_kind };

// True for doubles that are whole numbers in [-2^63, 2^64).
bool whole(double d) { return std::trunc(d) == d && d >= -0x1p63 && d < 0x1p64; }
}  // namespace

Value::Value() = default;
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

ColumnType Value::type() const {
  switch (v_.index()) {
    case bool_kind: return ColumnType::boolean;
    case int64_kind: return ColumnType::int64;
    case uint64_kind: return ColumnType::uint64;
    case double_kind: return ColumnType::float64;
    case string_kind: return ColumnType::string;
    case timestamp_kind: return ColumnType::timestamp;
    case duration_kind: return ColumnType::duration;
    default: throw ValueError("a value is wanted, found null (missing), which has no type");
  }
}

std::string_view Value::type_name() const { return is_null() ? "null" : name(type()); }

void Value::wrong_kind(std::string_view wanted) const {
  if (is_null()) throw ValueError("a " + std::string(wanted) + " is wanted, the value is null (missing): ask with as_optional or is_null");
  throw TypeError("a " + std::string(wanted) + " is wanted, the value is a " + std::string(type_name()) + ": " + to_string());
}

void Value::out_of_range(ColumnType wanted) const {
  throw ValueError("the value does not fit into " + std::string(name(wanted)) + " exactly: " + to_string());
}

bool Value::as_bool() const {
  if (const bool* b = std::get_if<bool>(&v_)) return *b;
  wrong_kind("bool");
}

double Value::as_double() const {
  switch (v_.index()) {
    case bool_kind: return std::get<bool>(v_) ? 1.0 : 0.0;
    case int64_kind: return static_cast<double>(std::get<std::int64_t>(v_));
    case uint64_kind: return static_cast<double>(std::get<std::uint64_t>(v_));
    case double_kind: return std::get<double>(v_);
    default: wrong_kind("number");
  }
}

std::int64_t Value::as_int64() const {
  switch (v_.index()) {
    case bool_kind: return std::get<bool>(v_) ? 1 : 0;
    case int64_kind: return std::get<std::int64_t>(v_);
    case uint64_kind: out_of_range(ColumnType::int64);
    case double_kind: {
      const double d = std::get<double>(v_);
      if (!whole(d) || d >= 0x1p63) out_of_range(ColumnType::int64);
      return static_cast<std::int64_t>(d);
    }
    default: wrong_kind("number");
  }
}

std::uint64_t Value::as_uint64() const {
  if (const auto* u = std::get_if<std::uint64_t>(&v_)) return *u;
  if (const auto* d = std::get_if<double>(&v_)) {
    if (!whole(*d) || *d < 0) out_of_range(ColumnType::uint64);
    return static_cast<std::uint64_t>(*d);
  }
  const std::int64_t i = as_int64();
  if (i < 0) out_of_range(ColumnType::uint64);
  return static_cast<std::uint64_t>(i);
}

std::string Value::as_string() const {
  if (const auto* s = std::get_if<std::string>(&v_)) return *s;
  wrong_kind("string");
}

timestamp Value::as_timestamp() const {
  if (const auto* t = std::get_if<timestamp>(&v_)) return *t;
  wrong_kind("timestamp");
}

duration Value::as_duration() const {
  if (const auto* d = std::get_if<duration>(&v_)) return *d;
  wrong_kind("duration");
}

bool Value::equal(const Value& a, const Value& b) {
  if (a.v_.index() == b.v_.index()) return a.v_ == b.v_;
  const auto number = [](const Value& x) { return x.v_.index() >= bool_kind && x.v_.index() <= double_kind; };
  if (!number(a) || !number(b)) return false;
  const auto* da = std::get_if<double>(&a.v_);
  const auto* db = std::get_if<double>(&b.v_);
  if (!da && !db) {
    // uint64 holds only what int64 cannot.
    if (a.v_.index() == uint64_kind || b.v_.index() == uint64_kind) return false;
    return a.as_int64() == b.as_int64();
  }
  const double d = da ? *da : *db;
  const Value& other = da ? b : a;
  if (!whole(d)) return false;
  return d < 0x1p63 ? Value(static_cast<std::int64_t>(d)).as_double() == other.as_double() && other.v_.index() != uint64_kind &&
                          static_cast<std::int64_t>(d) == other.as_int64()
                    : other.v_.index() == uint64_kind && static_cast<std::uint64_t>(d) == std::get<std::uint64_t>(other.v_);
}

std::string format_double(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const double magnitude = std::fabs(value);
  char text[64];
  if (magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16)) {
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
    return {text, end};
  }
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
  std::string out(text, end);
  if (out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string Value::to_string() const {
  switch (v_.index()) {
    case bool_kind: return std::get<bool>(v_) ? "True" : "False";
    case int64_kind: return std::to_string(std::get<std::int64_t>(v_));
    case uint64_kind: return std::to_string(std::get<std::uint64_t>(v_));
    case double_kind: return format_double(std::get<double>(v_));
    case string_kind: return std::get<std::string>(v_);
    case timestamp_kind: return format_timestamp(std::get<timestamp>(v_));
    case duration_kind: return format_duration(std::get<duration>(v_));
    default: return "<NA>";
  }
}

void Value::encode(Writer& out) const {
  out.put(static_cast<std::uint8_t>(v_.index()));
  switch (v_.index()) {
    case bool_kind: out.put(std::get<bool>(v_)); break;
    case int64_kind: out.put(std::get<std::int64_t>(v_)); break;
    case uint64_kind: out.put(std::get<std::uint64_t>(v_)); break;
    case double_kind: out.put(std::get<double>(v_)); break;
    case string_kind: out.text(std::get<std::string>(v_)); break;
    case timestamp_kind: out.put(std::get<timestamp>(v_).time_since_epoch().count()); break;
    case duration_kind: out.put(std::get<duration>(v_).count()); break;
    default: break;
  }
}

Value Value::decode(Reader& in) {
  switch (in.get<std::uint8_t>()) {
    case null_kind: return {};
    case bool_kind: return in.get<bool>();
    case int64_kind: return in.get<std::int64_t>();
    case uint64_kind: return in.get<std::uint64_t>();
    case double_kind: return in.get<double>();
    case string_kind: return in.text();
    case timestamp_kind: return timestamp(duration(in.get<std::int64_t>()));
    case duration_kind: return duration(in.get<std::int64_t>());
    default: throw InternalError("message holds a value of an unknown kind");
  }
}

}  // namespace ashlar

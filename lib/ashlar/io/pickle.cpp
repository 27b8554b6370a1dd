#include <bit>
#include <cstring>
#include <map>
#include <utility>

#include "ashlar/base/error.hpp"
#include "ashlar/io/pickle_detail.hpp"

namespace ashlar::io {

namespace {

using Kind = Pickled::Kind;

PickledPtr made(Kind kind) {
  auto out = std::make_shared<Pickled>();
  out->kind = kind;
  return out;
}
PickledPtr made_text(Kind kind, std::string text) {
  auto out = made(kind);
  out->text = std::move(text);
  return out;
}
PickledPtr made_integer(std::int64_t value, Kind kind = Kind::integer) {
  auto out = made(kind);
  out->integer = value;
  return out;
}
PickledPtr made_real(double value) {
  auto out = made(Kind::real);
  out->real = value;
  return out;
}

class Unpickler {
 public:
  Unpickler(std::span<const std::byte> bytes, const std::string& source) : bytes_(bytes), source_(source) {}

  PickledPtr run() {
    while (true) {
      const char op = static_cast<char>(take(1)[0]);
      if (op == '.') return pop();
      step(op);
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const { throw IoError("a pickle in " + source_ + " cannot be read: " + what); }

  std::span<const std::byte> take(std::size_t n) {
    if (n > bytes_.size() - at_) refuse("it ends early");
    at_ += n;
    return bytes_.subspan(at_ - n, n);
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string text(std::size_t n) {
    const auto from = take(n);
    return {reinterpret_cast<const char*>(from.data()), n};
  }
  std::string line() {
    std::string out;
    for (char c = static_cast<char>(take(1)[0]); c != '\n'; c = static_cast<char>(take(1)[0])) out += c;
    return out;
  }
  std::int64_t whole_number(std::string digits) {
    if (!digits.empty() && digits.back() == 'L') digits.pop_back();
    try {
      return std::stoll(digits);
    } catch (const std::exception&) {
      refuse("\"" + digits + "\" is no whole number");
    }
  }
  PickledPtr pop() {
    if (stack_.empty()) refuse("something is missing in it");
    PickledPtr out = std::move(stack_.back());
    stack_.pop_back();
    return out;
  }
  Pickled& top() {
    if (stack_.empty()) refuse("something is missing in it");
    return *stack_.back();
  }
  void push(PickledPtr value) { stack_.push_back(std::move(value)); }
  // What stands behind the last mark, which goes.
  std::vector<PickledPtr> since_mark() {
    std::vector<PickledPtr> out;
    while (!top().is(Kind::mark)) out.insert(out.begin(), pop());
    pop();
    return out;
  }
  PickledPtr collected(Kind kind, std::vector<PickledPtr> items) {
    auto out = made(kind);
    out->items = std::move(items);
    return out;
  }
  // As since_mark, without moving what is long: into the list below the mark.
  void append_since_mark() {
    std::size_t mark = stack_.size();
    while (mark > 0 && !stack_[mark - 1]->is(Kind::mark)) --mark;
    if (mark < 2) refuse("a list is missing");
    auto& items = stack_[mark - 2]->items;
    items.insert(items.end(), stack_.begin() + static_cast<std::ptrdiff_t>(mark), stack_.end());
    stack_.resize(mark - 1);
  }
  void take_last(std::size_t n) {
    auto out = made(Kind::tuple);
    for (std::size_t i = 0; i < n; ++i) out->items.insert(out->items.begin(), pop());
    push(std::move(out));
  }
  void remember(std::int64_t number) {
    if (stack_.empty()) refuse("nothing is there to remember");
    memo_[number] = stack_.back();
  }
  void recall(std::int64_t number) {
    const auto found = memo_.find(number);
    if (found == memo_.end()) refuse("it recalls what it never remembered");
    push(found->second);
  }
  // Of the texts of protocol 0: \\uXXXX and \\n as Python writes them.
  std::string unescaped(const std::string& raw) {
    std::string out;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const auto first = static_cast<unsigned char>(raw[i]);
      if (raw[i] == '\\' && i + 1 < raw.size() && (raw[i + 1] == 'u' || raw[i + 1] == 'U')) {
        const std::size_t digits = raw[i + 1] == 'u' ? 4 : 8;
        append_utf8(out, static_cast<std::uint32_t>(std::strtoul(raw.substr(i + 2, digits).c_str(), nullptr, 16)));
        i += 1 + digits;
      } else if (first >= 0x80) {
        append_utf8(out, first);  // raw-unicode-escape: Latin-1
      } else {
        out += raw[i];
      }
    }
    return out;
  }
  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
      put(0xc0 | code >> 6);
    } else if (code < 0x10000) {
      put(0xe0 | code >> 12);
      put(0x80 | (code >> 6 & 0x3f));
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
      put(0x80 | (code >> 6 & 0x3f));
    }
    put(0x80 | (code & 0x3f));
  }

  void call() {
    auto out = made(Kind::object);
    PickledPtr arguments = pop();
    out->items = {pop(), std::move(arguments)};
    // Texts of NumPy and bytes of protocol 0 to 2 are what they hold.
    if (out->items[0]->text == "_codecs.encode" && !out->items[1]->items.empty()) out = made_text(Kind::bytes, out->items[1]->items[0]->text);
    else if (out->items[0]->text == "numpy.str_" && !out->items[1]->items.empty()) out = out->items[1]->items[0];
    push(std::move(out));
  }

  void step(char op) {
    switch (op) {
      case '\x80': take(1); return;  // protocol
      case '\x95': take(8); return;  // frame
      case '(': return push(made(Kind::mark));
      case '0': pop(); return;
      case '1': since_mark(); return;
      case 'N': return push(made(Kind::none));
      case '\x88': return push(made_integer(1, Kind::boolean));
      case '\x89': return push(made_integer(0, Kind::boolean));
      case 'I': {
        const std::string digits = line();
        if (digits == "00" || digits == "01") return push(made_integer(digits == "01", Kind::boolean));
        return push(made_integer(whole_number(digits)));
      }
      case 'L': return push(made_integer(whole_number(line())));
      case 'J': return push(made_integer(number<std::int32_t>()));
      case 'K': return push(made_integer(number<std::uint8_t>()));
      case 'M': return push(made_integer(number<std::uint16_t>()));
      case '\x8a': {
        const std::size_t n = number<std::uint8_t>();
        if (n > 8) refuse("a number is too large");
        std::int64_t value = 0;
        const auto from = take(n);
        for (std::size_t i = 0; i < n; ++i) value |= static_cast<std::int64_t>(static_cast<std::uint64_t>(from[i]) << (8 * i));
        if (n && n < 8 && static_cast<unsigned>(from[n - 1]) & 0x80u) value -= std::int64_t{1} << (8 * n);
        return push(made_integer(value));
      }
      case 'F': return push(made_real(std::strtod(line().c_str(), nullptr)));
      case 'G': return push(made_real(std::bit_cast<double>(__builtin_bswap64(number<std::uint64_t>()))));
      case 'V': return push(made_text(Kind::text, unescaped(line())));
      case 'S': {
        const std::string quoted = line();
        return push(made_text(Kind::text, quoted.size() >= 2 ? quoted.substr(1, quoted.size() - 2) : quoted));
      }
      case '\x8c': return push(made_text(Kind::text, text(number<std::uint8_t>())));
      case 'X': return push(made_text(Kind::text, text(number<std::uint32_t>())));
      case '\x8d': return push(made_text(Kind::text, text(number<std::uint64_t>())));
      case 'U': case 'C': return push(made_text(Kind::bytes, text(number<std::uint8_t>())));
      case 'T': case 'B': return push(made_text(Kind::bytes, text(number<std::uint32_t>())));
      case '\x8e': return push(made_text(Kind::bytes, text(number<std::uint64_t>())));
      case ']': return push(made(Kind::list));
      case ')': return push(made(Kind::tuple));
      case '}': return push(made(Kind::dict));
      case 'l': return push(collected(Kind::list, since_mark()));
      case 't': return push(collected(Kind::tuple, since_mark()));
      case 'd': return push(collected(Kind::dict, since_mark()));
      case '\x85': return take_last(1);
      case '\x86': return take_last(2);
      case '\x87': return take_last(3);
      case 'a': {
        PickledPtr item = pop();
        top().items.push_back(std::move(item));
        return;
      }
      case 's': {
        PickledPtr value = pop(), key = pop();
        top().items.push_back(std::move(key));
        top().items.push_back(std::move(value));
        return;
      }
      case 'e': case 'u': return append_since_mark();
      case 'p': return remember(whole_number(line()));
      case 'q': return remember(number<std::uint8_t>());
      case 'r': return remember(number<std::uint32_t>());
      case '\x94': return remember(static_cast<std::int64_t>(memo_.size()));
      case 'g': return recall(whole_number(line()));
      case 'h': return recall(number<std::uint8_t>());
      case 'j': return recall(number<std::uint32_t>());
      case 'c': {
        const std::string module = line();
        return push(made_text(Kind::name, module + "." + line()));
      }
      case '\x93': {
        const PickledPtr name = pop(), module = pop();
        return push(made_text(Kind::name, module->text + "." + name->text));
      }
      case 'R': case '\x81': return call();
      case 'b': {
        PickledPtr state = pop();
        top().items.push_back(std::move(state));
        return;
      }
      default:
        refuse("operation " + std::to_string(static_cast<unsigned char>(op)) + " is not known");
    }
  }

  std::span<const std::byte> bytes_;
  const std::string& source_;
  std::size_t at_ = 0;
  std::vector<PickledPtr> stack_;
  std::map<std::int64_t, PickledPtr> memo_;
};

}  // namespace

PickledPtr unpickle(std::span<const std::byte> bytes, const std::string& source) { return Unpickler(bytes, source).run(); }

std::vector<std::string> texts_of(const Pickled& list, const std::string& source) {
  if (list.is(Kind::text)) return {list.text};
  if (!list.is(Kind::list) && !list.is(Kind::tuple)) throw IoError("a list of names was wanted in " + source);
  std::vector<std::string> out;
  for (const PickledPtr& item : list.items) {
    if (item->is(Kind::integer)) out.push_back(std::to_string(item->integer));
    else if (item->is(Kind::text) || item->is(Kind::bytes)) out.push_back(item->text);
    else throw IoError("a list of names was wanted in " + source + ", it holds something else");
  }
  return out;
}

PickledArray array_of_objects(const Pickled& object, const std::string& source) {
  const bool array = object.is(Kind::object) && object.items.size() == 3 && object.items[0]->text.ends_with("._reconstruct");
  const auto* state = array ? &object.items[2]->items : nullptr;  // version, shape, dtype, Fortran, list
  if (!array || state->size() != 5 || !(*state)[4]->is(Kind::list)) throw IoError("an array of objects was wanted in " + source);
  PickledArray out;
  for (const PickledPtr& n : (*state)[1]->items) out.shape.push_back(n->integer);
  out.elements = (*state)[4]->items;
  std::int64_t wanted = 1;
  for (const std::int64_t n : out.shape) wanted *= n;
  if (std::cmp_not_equal(out.elements.size(), wanted)) throw IoError("an array in " + source + " holds another number of elements than its shape says");
  return out;
}

}  // namespace ashlar::io

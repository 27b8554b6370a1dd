#include "ashlar/table/key_index.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>

#include "ashlar/table/bitmap_detail.hpp"
#include "ashlar/table/text_index_detail.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

constexpr std::int64_t block = TextIndex::block;

// Equal values have equal bits.
template <class T>
std::uint64_t key_bits(T value) {
  if constexpr (std::is_same_v<T, double>) {
    if (std::isnan(value)) return 0x7ff8000000000000;
    return std::bit_cast<std::uint64_t>(value + 0.0);  // -0.0 + 0.0 is 0.0
  } else if constexpr (std::is_same_v<T, float>) {
    if (std::isnan(value)) return 0x7fc00000;
    return std::bit_cast<std::uint32_t>(value + 0.0f);
  } else {
    return static_cast<std::make_unsigned_t<std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>>>(value);
  }
}

// body(i, bits) for the rows of a block; what stands under a null gives bits too.
template <class Body>
void for_each_bits(const Column& column, std::int64_t begin, std::int64_t n, Body body) {
  dispatch_fixed(column.type(), [&]<class T>(std::type_identity<T>) {
    const T* from = static_cast<const T*>(column.address()) + begin;
    for (std::int64_t i = 0; i < n; ++i) body(i, key_bits(from[i]));
  });
}

[[noreturn]] void too_many() { throw ValueError("a group-by has more than 4294967294 groups"); }

}  // namespace

class KeyIndex::Impl {
  struct Place {
    std::size_t word;
    unsigned shift;
  };
  struct Rows {
    std::vector<std::uint64_t> words;  // those of a row side by side
    std::uint32_t hashes[block];
    std::uint8_t nulls[block];
  };

  // fn(words) where words() is the number of words of a key, known to the compiler where it is small.
  template <class Fn>
  void with_words(Fn fn) const {
    if (words_ == 1) return fn(std::integral_constant<std::size_t, 1>{});
    if (words_ == 2) return fn(std::integral_constant<std::size_t, 2>{});
    fn([this] { return words_; });
  }
  template <class Words>
  auto comparison(const Rows& rows, const std::uint8_t* null, Words words) const {
    return [this, &rows, null, words](std::int64_t i, std::uint32_t k) {
      // A null stands on zeros, and zero is a key too.
      if (const bool missing = null && null[i]; missing || k == null_) return missing && k == null_;
      const std::uint64_t* a = rows.words.data() + static_cast<std::size_t>(i) * words();
      const std::uint64_t* b = keys_.data() + std::size_t{k} * words();
      for (std::size_t w = 0; w < words(); ++w)
        if (a[w] != b[w]) return false;
      return true;
    };
  }
  auto addresses() const {
    return [this](std::uint32_t k) { return keys_.data() + std::size_t{k} * words_; };
  }

 public:
  Impl(std::vector<ColumnType> types, bool dropna) : types_(std::move(types)), dropna_(dropna), texts_(types_.size()) {
    // Wide ones first fill their words; the narrow ones share what is left.
    alone_ = types_.size() == 1;
    unsigned used = 64;
    for (std::size_t k = 0; k < types_.size(); ++k) {
      const unsigned bits = is_textual(types_[k]) ? 32 : static_cast<unsigned>(itemsize(types_[k])) * 8;
      if (used + bits > 64) {
        ++words_;
        used = 0;
      }
      places_.push_back({words_ - 1, used});
      used += bits;
    }
    // One bit for each column says that it is null, where nulls are keys; a single column has a number of its own for it.
    if (!dropna_ && !alone_) {
      for (std::size_t k = 0; k < types_.size(); ++k) {
        if (used == 64) {
          ++words_;
          used = 0;
        }
        null_places_.push_back({words_ - 1, used++});
      }
    }
  }

  void check(std::span<const Column> keys) const {
    if (keys.empty() || keys.size() != types_.size()) throw InternalError("a key index got another number of columns than it was made for");
  }
  std::uint32_t size() const { return single_text() ? texts_[0].size() : size_; }

  void insert(std::span<const Column> keys, std::uint32_t* groups, std::vector<std::int64_t>& new_rows) {
    const std::int64_t n = keys[0].size();
    if (std::vector<std::int64_t> firsts; number_by_place(keys, groups, firsts)) {
      // Each different key once; rows then take the number of theirs.
      std::vector<std::uint32_t> numbers(firsts.size());
      std::vector<std::int64_t> added;
      const bool was_empty = size() == 0;
      insert_rows(rows_of(keys, firsts), numbers.data(), added);
      for (const std::int64_t row : added) new_rows.push_back(firsts[static_cast<std::size_t>(row)]);
      if (!was_empty)
        for (std::int64_t i = 0; i < n; ++i) groups[i] = numbers[groups[i]];
      return;
    }
    insert_rows(keys, groups, new_rows);
  }
  void insert_rows(std::span<const Column> keys, std::uint32_t* groups, std::vector<std::int64_t>& new_rows) {
    const std::int64_t n = keys[0].size();
    Rows rows;
    const auto categories = numbers_of_categories(keys, [&](std::size_t k, const Column& texts, std::uint32_t* numbers) {
      for (std::int64_t begin = 0; begin < texts.size(); begin += block)
        texts_[k].insert(texts, begin, std::min(block, texts.size() - begin), nullptr, numbers + begin, [](std::int64_t) {});
    });
    for (std::int64_t begin = 0; begin < n; begin += block) {
      const std::int64_t length = std::min(block, n - begin);
      if (std::uint64_t{size()} + static_cast<std::uint64_t>(length) >= dropped) too_many();
      const std::uint8_t* skip = dropna_ ? nulls_of(keys, begin, length, rows) : nullptr;
      if (single_text()) {
        texts_[0].insert(keys[0], begin, length, skip, groups + begin, [&](std::int64_t row) { new_rows.push_back(row); });
        continue;
      }
      pack(keys, begin, length, rows,
           [&](std::size_t k, std::uint32_t* numbers) {
             if (types_[k] == ColumnType::category) return number_codes(keys[k], begin, length, categories[k], numbers);
             texts_[k].insert(keys[k], begin, length, nullptr, numbers, [](std::int64_t) {});
           });
      const std::uint8_t* null = alone_ && !dropna_ ? nulls_of(keys, begin, length, rows) : nullptr;
      with_words([&](auto words) {
        find_or_add_block(slots_, rows.hashes, skip, length, groups + begin, comparison(rows, null, words), addresses(),
                          [&](std::int64_t i) {
                            new_rows.push_back(begin + i);
                            const std::uint64_t* from = rows.words.data() + static_cast<std::size_t>(i) * words();
                            keys_.insert(keys_.end(), from, from + words());
                            if (null && null[i]) null_ = size_;
                            return size_++;
                          });
      });
    }
  }

  void find(std::span<const Column> keys, std::uint32_t* groups) const {
    const std::int64_t n = keys[0].size();
    if (std::vector<std::int64_t> firsts; number_by_place(keys, groups, firsts)) {
      std::vector<std::uint32_t> numbers(firsts.size());
      find_rows(rows_of(keys, firsts), numbers.data());
      for (std::int64_t i = 0; i < n; ++i) groups[i] = numbers[groups[i]];
      return;
    }
    find_rows(keys, groups);
  }
  void find_rows(std::span<const Column> keys, std::uint32_t* groups) const {
    const std::int64_t n = keys[0].size();
    Rows rows;
    std::uint8_t absent[block];
    const auto categories = numbers_of_categories(keys, [&](std::size_t k, const Column& texts, std::uint32_t* numbers) {
      for (std::int64_t begin = 0; begin < texts.size(); begin += block)
        texts_[k].find(texts, begin, std::min(block, texts.size() - begin), nullptr, numbers + begin);
    });
    for (std::int64_t begin = 0; begin < n; begin += block) {
      const std::int64_t length = std::min(block, n - begin);
      const std::uint8_t* skip = dropna_ ? nulls_of(keys, begin, length, rows) : nullptr;
      if (single_text()) {
        texts_[0].find(keys[0], begin, length, skip, groups + begin);
        continue;
      }
      bool any_absent = false;
      if (skip)
        std::memcpy(absent, skip, static_cast<std::size_t>(length));
      else
        std::memset(absent, 0, static_cast<std::size_t>(length));
      pack(keys, begin, length, rows, [&](std::size_t k, std::uint32_t* numbers) {
        if (types_[k] == ColumnType::category)
          number_codes(keys[k], begin, length, categories[k], numbers);
        else
          texts_[k].find(keys[k], begin, length, nullptr, numbers);
        for (std::int64_t i = 0; i < length; ++i) {
          absent[i] |= numbers[i] == HashSlots::none;
          any_absent |= absent[i] != 0;
        }
      });
      const std::uint8_t* null = alone_ && !dropna_ ? nulls_of(keys, begin, length, rows) : nullptr;
      with_words([&](auto words) {
        find_block(slots_, rows.hashes, skip || any_absent ? absent : nullptr, length, groups + begin, comparison(rows, null, words),
                   addresses());
      });
    }
  }

 private:
  static std::vector<Column> rows_of(std::span<const Column> keys, std::span<const std::int64_t> rows) {
    std::vector<Column> out;
    for (const Column& key : keys) out.push_back(key.take(rows));
    return out;
  }

  // For each category column the number of each of its texts, and behind them that of null.
  template <class Number>
  static std::vector<std::vector<std::uint32_t>> numbers_of_categories(std::span<const Column> keys, Number number) {
    std::vector<std::vector<std::uint32_t>> out(keys.size());
    for (std::size_t k = 0; k < keys.size(); ++k) {
      if (keys[k].type() != ColumnType::category) continue;
      const Column& texts = keys[k].categories();
      out[k].resize(static_cast<std::size_t>(texts.size()) + 1);
      number(k, texts, out[k].data());
      if (keys[k].null_count()) number(k, Column::nulls(ColumnType::string, 1), &out[k].back());
    }
    return out;
  }
  static void number_codes(const Column& key, std::int64_t begin, std::int64_t n, const std::vector<std::uint32_t>& of_codes, std::uint32_t* numbers) {
    const std::int32_t* const codes = key.codes().data() + begin;
    if (!key.null_count()) {
      for (std::int64_t i = 0; i < n; ++i) numbers[i] = of_codes[static_cast<std::size_t>(codes[i])];
    } else {
      for (std::int64_t i = 0; i < n; ++i) numbers[i] = key.is_valid(begin + i) ? of_codes[static_cast<std::size_t>(codes[i])] : of_codes.back();
    }
  }

  // Keys that have few values together - whole numbers that lie close, texts that repeat - have a place in a table by value: its entry is the
  // number of the key, by first appearance among these rows, and no row but the first of each is hashed or compared as a whole.
  // False, with `groups` in any state, where that does not pay.
  bool number_by_place(std::span<const Column> keys, std::uint32_t* groups, std::vector<std::int64_t>& firsts) const {
    const std::int64_t n = keys[0].size();
    if (single_text() || n < 2 * block) return false;
    const std::uint64_t limit = std::min(static_cast<std::uint64_t>(n) * 2, std::uint64_t{1} << 31);
    std::uint64_t places = 1;
    std::vector<std::uint64_t> lowest(keys.size()), width(keys.size());
    for (std::size_t k = 0; k < keys.size(); ++k) {
      if (keys[k].null_count() || is_floating(types_[k])) return false;
      if (types_[k] == ColumnType::string) continue;
      if (types_[k] == ColumnType::category) {
        width[k] = static_cast<std::uint64_t>(keys[k].categories().size());
        if ((places *= width[k]) > limit) return false;
        continue;
      }
      std::tie(lowest[k], width[k]) = range_of(keys[k]);
      // width is 0 where all of 64 bits are in use
      if (width[k] == 0 || width[k] > limit || (places *= width[k]) > limit) return false;
    }
    std::vector<std::vector<std::uint32_t>> numbers(keys.size());
    if (std::find(types_.begin(), types_.end(), ColumnType::string) != types_.end()) {
      // Side by side, so that many different texts are soon noticed.
      std::vector<TextIndex> texts(keys.size());
      for (std::int64_t begin = 0; begin < n; begin += block) {
        std::uint64_t so_far = places;
        for (std::size_t k = 0; k < keys.size(); ++k) {
          if (types_[k] != ColumnType::string) continue;
          numbers[k].resize(static_cast<std::size_t>(n));
          texts[k].insert(keys[k], begin, std::min(block, n - begin), nullptr, numbers[k].data() + begin, [](std::int64_t) {});
          if ((so_far *= texts[k].size()) > limit) return false;
        }
      }
      for (std::size_t k = 0; k < keys.size(); ++k)
        if (types_[k] == ColumnType::string) places *= width[k] = texts[k].size();
    }
    // The place of a row is its values as digits.
    std::fill(groups, groups + n, 0);
    for (std::size_t k = 0; k < keys.size(); ++k) {
      const auto factor = static_cast<std::uint32_t>(width[k]);
      if (types_[k] == ColumnType::string)
        for (std::int64_t i = 0; i < n; ++i) groups[i] = groups[i] * factor + numbers[k][static_cast<std::size_t>(i)];
      else if (types_[k] == ColumnType::category)
        for (std::int64_t i = 0; const std::int32_t code : keys[k].codes()) groups[i] = groups[i] * factor + static_cast<std::uint32_t>(code), ++i;
      else
        for_each_whole(keys[k], [&](std::int64_t i, std::uint64_t bits) { groups[i] = groups[i] * factor + static_cast<std::uint32_t>(bits - lowest[k]); });
    }
    std::vector<std::uint32_t> number(places, dropped);
    for (std::int64_t i = 0; i < n; ++i) {
      std::uint32_t& known = number[groups[i]];
      if (known == dropped) {
        known = static_cast<std::uint32_t>(firsts.size());
        firsts.push_back(i);
      }
      groups[i] = known;
    }
    // Nearly every row its own key: nothing was gained.
    if (firsts.size() * 2 > static_cast<std::size_t>(n)) {
      firsts.clear();
      return false;
    }
    return true;
  }
  // body(row, value as 64 bits) for a column of whole numbers.
  template <class Body>
  static void for_each_whole(const Column& key, Body body) {
    dispatch_fixed(key.type(), [&]<class T>(std::type_identity<T>) {
      if constexpr (std::is_integral_v<T>) {
        const T* from = static_cast<const T*>(key.address());
        for (std::int64_t i = 0; i < key.size(); ++i) body(i, static_cast<std::uint64_t>(from[i]));
      }
    });
  }
  // The lowest value and how many there are up to the highest.
  static std::pair<std::uint64_t, std::uint64_t> range_of(const Column& key) {
    return dispatch_fixed(key.type(), [&]<class T>(std::type_identity<T>) -> std::pair<std::uint64_t, std::uint64_t> {
      if constexpr (std::is_integral_v<T>) {
        const T* from = static_cast<const T*>(key.address());
        T low = from[0], high = from[0];
        for (std::int64_t i = 0; i < key.size(); ++i) {
          low = std::min(low, from[i]);
          high = std::max(high, from[i]);
        }
        return {static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1};
      } else {
        return {0, 0};
      }
    });
  }

  bool single_text() const { return alone_ && types_[0] == ColumnType::string; }

  // Which rows have a null in some key; null pointer when none has.
  static const std::uint8_t* nulls_of(std::span<const Column> keys, std::int64_t begin, std::int64_t n, Rows& rows) {
    bool any = false;
    for (const Column& key : keys) {
      if (!key.null_count()) continue;
      if (!any) std::memset(rows.nulls, 0, static_cast<std::size_t>(n));
      any = true;
      for (std::int64_t i = 0; i < n; ++i) rows.nulls[i] |= key.is_null(begin + i);
    }
    return any ? rows.nulls : nullptr;
  }

  template <class Number>
  void pack(std::span<const Column> keys, std::int64_t begin, std::int64_t n, Rows& rows, Number number_texts) const {
    rows.words.assign(static_cast<std::size_t>(n) * words_, 0);
    for (std::size_t k = 0; k < keys.size(); ++k) {
      std::uint64_t* to = rows.words.data() + places_[k].word;
      const unsigned shift = places_[k].shift;
      if (is_textual(types_[k])) {
        std::uint32_t numbers[block];
        number_texts(k, numbers);
        for (std::int64_t i = 0; i < n; ++i) to[static_cast<std::size_t>(i) * words_] |= std::uint64_t{numbers[i]} << shift;
        continue;  // a null text is a text of its own
      }
      if (!keys[k].null_count() || dropna_ || alone_) {
        for_each_bits(keys[k], begin, n,
                      [&](std::int64_t i, std::uint64_t bits) { to[static_cast<std::size_t>(i) * words_] |= bits << shift; });
        continue;
      }
      std::uint64_t* flags = rows.words.data() + null_places_[k].word;
      const std::uint64_t flag = std::uint64_t{1} << null_places_[k].shift;
      for_each_bits(keys[k], begin, n, [&](std::int64_t i, std::uint64_t bits) {
        if (keys[k].is_valid(begin + i))
          to[static_cast<std::size_t>(i) * words_] |= bits << shift;
        else
          flags[static_cast<std::size_t>(i) * words_] |= flag;
      });
    }
    // A null alone in its column may stand on any bits.
    if (alone_ && !dropna_ && keys[0].null_count())
      for (std::int64_t i = 0; i < n; ++i)
        if (keys[0].is_null(begin + i)) rows.words[static_cast<std::size_t>(i)] = 0;
    with_words([&](auto words) {
      for (std::int64_t i = 0; i < n; ++i) {
        std::uint64_t hash = hash_seed;
        for (std::size_t w = 0; w < words(); ++w)
          hash = folded_product(hash ^ rows.words[static_cast<std::size_t>(i) * words() + w], hash_factor);
        rows.hashes[i] = static_cast<std::uint32_t>(hash ^ hash >> 32);
      }
    });
  }

  std::vector<ColumnType> types_;
  bool dropna_, alone_ = false;
  std::size_t words_ = 0;
  std::vector<Place> places_, null_places_;
  std::vector<TextIndex> texts_;
  HashSlots slots_;
  std::vector<std::uint64_t> keys_;  // the words of each key, in the order of their numbers
  std::uint32_t size_ = 0, null_ = dropped;
};

KeyIndex::KeyIndex(std::vector<ColumnType> types, bool dropna) : impl_(std::make_unique<Impl>(std::move(types), dropna)) {}
KeyIndex::~KeyIndex() = default;
KeyIndex::KeyIndex(KeyIndex&&) noexcept = default;
KeyIndex& KeyIndex::operator=(KeyIndex&&) noexcept = default;
std::uint32_t KeyIndex::size() const { return impl_->size(); }

void KeyIndex::insert(std::span<const Column> keys, std::vector<std::uint32_t>& groups, std::vector<std::int64_t>& new_rows) {
  impl_->check(keys);
  groups.resize(static_cast<std::size_t>(keys[0].size()));
  impl_->insert(keys, groups.data(), new_rows);
}
void KeyIndex::find(std::span<const Column> keys, std::vector<std::uint32_t>& groups) const {
  impl_->check(keys);
  groups.resize(static_cast<std::size_t>(keys[0].size()));
  impl_->find(keys, groups.data());
}

std::vector<std::uint64_t> hash_rows(std::span<const Column> keys) {
  if (keys.empty()) throw InternalError("a hash of rows wants at least one column");
  const std::int64_t n = keys[0].size();
  std::vector<std::uint64_t> out(static_cast<std::size_t>(n), hash_seed);
  std::uint64_t part[block];
  for (const Column& key : keys) {
    std::vector<std::uint64_t> of_codes;  // the hashes of the texts, so that they are those of a string column
    if (key.type() == ColumnType::category) {
      const Column& texts = key.categories();
      of_codes.resize(static_cast<std::size_t>(texts.size()) + 1);
      for (std::int64_t begin = 0; begin < texts.size(); begin += block)
        TextIndex::hash(texts, begin, std::min(block, texts.size() - begin), of_codes.data() + begin);
      TextIndex::hash(Column::nulls(ColumnType::string, 1), 0, 1, &of_codes.back());
    }
    for (std::int64_t begin = 0; begin < n; begin += block) {
      const std::int64_t length = std::min(block, n - begin);
      if (key.type() == ColumnType::category)
        for (std::int64_t i = 0; i < length; ++i)
          part[i] = key.is_valid(begin + i) ? of_codes[static_cast<std::size_t>(key.codes()[static_cast<std::size_t>(begin + i)])] : of_codes.back();
      else if (key.type() == ColumnType::string)
        TextIndex::hash(key, begin, length, part);
      else
        for_each_bits(key, begin, length,
                      [&](std::int64_t i, std::uint64_t bits) { part[i] = key.is_null(begin + i) ? ~hash_seed : bits; });
      for (std::int64_t i = 0; i < length; ++i) {
        std::uint64_t& hash = out[static_cast<std::size_t>(begin + i)];
        hash = folded_product(hash ^ part[i], hash_factor);
      }
    }
  }
  return out;
}

}  // namespace ashlar::table

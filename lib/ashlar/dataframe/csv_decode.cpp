// Files that are not plain UTF-8: gzip, Latin-1, comments.

#include <zlib.h>
#if __has_include(<zstd.h>)
#include <zstd.h>
#define ASHLAR_ZSTD
#endif

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "ashlar/base/error.hpp"
#include "ashlar/dataframe/csv_file.hpp"

namespace ashlar::dataframe {
namespace {

// All members of a gzip file, one after the other, until there is enough.
std::string unzipped(const std::string& file, const Buffer& bytes, std::size_t size, std::int64_t wanted, bool& whole) {
  struct Stream : z_stream {
    Stream() : z_stream{} {
      if (inflateInit2(this, 15 + 16) != Z_OK) throw InternalError("zlib cannot be started");
    }
    ~Stream() { inflateEnd(this); }
  } stream;
  std::string out;
  std::array<char, 1 << 16> room;
  std::size_t taken = 0;
  whole = false;
  while (std::cmp_less(out.size(), wanted)) {
    if (stream.avail_in == 0 && taken < size) {
      const std::size_t n = std::min<std::size_t>(size - taken, std::size_t{1} << 30);
      stream.next_in = reinterpret_cast<Bytef*>(bytes.data() + taken);
      stream.avail_in = static_cast<uInt>(n);
      taken += n;
    }
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    out.append(room.data(), room.size() - stream.avail_out);
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0 && taken == size) {
        whole = true;
        break;
      }
      inflateReset(&stream);
    } else if (result == Z_BUF_ERROR || (result == Z_OK && stream.avail_in == 0 && taken == size && stream.avail_out != 0)) {
      throw IoError("the gzip file \"" + file + "\" ends early, behind " + std::to_string(out.size()) + " bytes of text");
    } else if (result != Z_OK) {
      throw IoError("the gzip file \"" + file + "\" is damaged: " + (stream.msg ? stream.msg : "no more is known") + ", behind " +
                    std::to_string(out.size()) + " bytes of text");
    }
  }
  return out;
}

#ifdef ASHLAR_ZSTD
// All frames of a Zstandard file, likewise.
std::string unpacked(const std::string& file, const Buffer& bytes, std::size_t size, std::int64_t wanted, bool& whole) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(), &ZSTD_freeDStream);
  if (!stream) throw InternalError("libzstd cannot be started");
  std::string out;
  std::array<char, 1 << 16> room;
  ZSTD_inBuffer in{bytes.data(), size, 0};
  std::size_t left = 1;  // 0 at the end of a frame
  whole = false;
  while (std::cmp_less(out.size(), wanted)) {
    if (in.pos == in.size && left == 0) {
      whole = true;
      break;
    }
    const std::size_t before = in.pos;
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &to, &in);
    if (ZSTD_isError(left))
      throw IoError("the zstd file \"" + file + "\" is damaged: " + ZSTD_getErrorName(left) + ", behind " + std::to_string(out.size()) + " bytes of text");
    out.append(room.data(), to.pos);
    if (to.pos == 0 && in.pos == before && left != 0)
      throw IoError("the zstd file \"" + file + "\" ends early, behind " + std::to_string(out.size()) + " bytes of text");
  }
  return out;
}
#else
std::string unpacked(const std::string& file, const Buffer&, std::size_t, std::int64_t, bool&) {
  throw NotImplementedError("this Ashlar was built without libzstd: decompress " + file + " first");
}
#endif

std::string from_latin_1(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

// Line ends stay, so that lines keep their numbers.
std::string without_comments(std::string_view text, const FileDecoding& how) {
  std::string out;
  out.reserve(text.size());
  bool quoted = false, in_comment = false, field_begins = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') {
      if (!quoted) in_comment = false;
      out += c;
      field_begins = !quoted;
      continue;
    }
    if (in_comment) continue;
    if (quoted) {
      quoted = c != how.quote;  // a doubled quote closes and opens again
      out += c;
      if (!quoted && i + 1 < text.size() && text[i + 1] == how.quote) {
        out += text[++i];
        quoted = true;
      }
      field_begins = false;
      continue;
    }
    if (c == how.comment) {
      in_comment = true;
      continue;
    }
    quoted = field_begins && how.quote != '\0' && c == how.quote;
    field_begins = c == how.sep;
    out += c;
  }
  return out;
}

}  // namespace

std::string read_decoded(const std::string& file, std::int64_t size, const FileDecoding& decoding, std::int64_t wanted, bool& whole) {
  const std::int64_t end = decoding.gzip || decoding.zstd || wanted > size ? size : wanted;
  const Buffer bytes = read_range({file, 0, end, size});
  std::string text;
  if (decoding.gzip) {
    text = unzipped(file, bytes, static_cast<std::size_t>(size), wanted, whole);
  } else if (decoding.zstd) {
    text = unpacked(file, bytes, static_cast<std::size_t>(size), wanted, whole);
  } else {
    text.assign(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(end));
    whole = end == size;
  }
  if (decoding.latin_1) text = from_latin_1(text);
  if (decoding.comment != '\0') text = without_comments(text, decoding);
  return text;
}

}  // namespace ashlar::dataframe

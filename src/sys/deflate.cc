#include "sys/deflate.h"

#include "base/error_kinds.h"
#include "base/text.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace perch::sys {

namespace {

/// zlib's code for the largest window, and what it adds for gzip framing.
constexpr int kWindowBits = 15;
constexpr int kGzipBits = 16;

constexpr std::size_t kChunk = 64u << 10;
/// zlib counts input in 32 bits.
constexpr std::size_t kMaxInput = 1u << 30;

/// What zlib calls a framing.
int window_bits(Framing framing) {
  switch (framing) {
  case Framing::Gzip:
    return kWindowBits + kGzipBits;
  case Framing::Zlib:
    return kWindowBits;
  case Framing::Raw:
    break;
  }
  return -kWindowBits;
}

Bytef* input_pointer(std::string_view bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data())); // zlib only reads it
}

} // namespace

struct Deflater::Stream {
  z_stream z = {};
  std::array<char, kChunk> out;
};

Deflater::Deflater(Framing framing) : stream_(std::make_unique<Stream>()) {
  constexpr int kMemoryLevel = 8;
  const int code = deflateInit2(&stream_->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                                window_bits(framing), kMemoryLevel, Z_DEFAULT_STRATEGY);
  PERCH_ASSERT(code == Z_OK);
}

Deflater::Deflater(Deflater&&) noexcept = default;

Deflater::~Deflater() {
  if (stream_)
    deflateEnd(&stream_->z);
}

Status Deflater::pump(std::string_view bytes, int flush, const ByteSink& sink) {
  auto& z = stream_->z;
  z.next_in = input_pointer(bytes);
  z.avail_in = static_cast<uInt>(bytes.size());
  do {
    z.next_out = reinterpret_cast<Bytef*>(stream_->out.data());
    z.avail_out = kChunk;
    deflate(&z, flush);
    const std::size_t made = kChunk - z.avail_out;
    if (made > 0)
      PERCH_TRY(sink({stream_->out.data(), made}));
  } while (z.avail_out == 0);
  return {};
}

Status Deflater::write(std::string_view bytes, const ByteSink& sink) {
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, kMaxInput);
    PERCH_TRY(pump(piece, Z_NO_FLUSH, sink));
    bytes.remove_prefix(piece.size());
  }
  return {};
}

Status Deflater::finish(const ByteSink& sink) { return pump({}, Z_FINISH, sink); }

// ---- expanding ----------------------------------------------------------------------------------

struct Inflater::Stream {
  Framing framing = Framing::Gzip;
  z_stream z = {};
  bool ended = false; ///< at the end of a member, before another one began
  std::array<char, kChunk> out;
};

Inflater::Inflater(Framing framing) : stream_(std::make_unique<Stream>()) {
  stream_->framing = framing;
  const int code = inflateInit2(&stream_->z, window_bits(framing));
  PERCH_ASSERT(code == Z_OK);
}

Inflater::Inflater(Inflater&&) noexcept = default;

Inflater::~Inflater() {
  if (stream_)
    inflateEnd(&stream_->z);
}

Status Inflater::write(std::string_view bytes, const ByteSink& sink) {
  auto& z = stream_->z;
  while (!bytes.empty()) {
    if (stream_->ended) {
      if (stream_->framing != Framing::Gzip)
        return {};
      // Padding behind the last member, or one more member.
      bytes.remove_prefix(std::min(bytes.find_first_not_of('\0'), bytes.size()));
      if (bytes.empty())
        return {};
      inflateReset(&z);
      stream_->ended = false;
    }
    const auto piece = bytes.substr(0, kMaxInput);
    z.next_in = input_pointer(piece);
    z.avail_in = static_cast<uInt>(piece.size());
    int code = Z_OK;
    do {
      z.next_out = reinterpret_cast<Bytef*>(stream_->out.data());
      z.avail_out = kChunk;
      code = inflate(&z, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return fail(kind::kBadArgument,
                    base::cat("damaged compressed data: ",
                              z.msg != nullptr ? std::string_view(z.msg) : "unknown method"));
      const std::size_t made = kChunk - z.avail_out;
      if (made > 0)
        PERCH_TRY(sink({stream_->out.data(), made}));
    } while (code == Z_OK && z.avail_out == 0);
    stream_->ended = code == Z_STREAM_END;
    bytes.remove_prefix(piece.size() - z.avail_in);
  }
  return {};
}

Status Inflater::finish() const {
  if (stream_->ended)
    return {};
  return fail(kind::kBadArgument, "the compressed data ends too early");
}

} // namespace perch::sys

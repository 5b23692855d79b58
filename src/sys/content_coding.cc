#include "sys/content_coding.h"

#include "base/error_kinds.h"
#include "base/text.h"

#include <utility>

namespace perch::sys {

namespace {

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

/// `deflate` means the zlib format, but some servers send what is inside it. Its first two bytes
/// are a method and a check that a raw stream does not pass.
Framing framing_of(std::string_view head) {
  const auto first = static_cast<unsigned char>(head[0]);
  const auto second = static_cast<unsigned char>(head[1]);
  constexpr unsigned kMethodBits = 0x0F, kDeflate = 8, kLargestWindow = 0x70, kCheck = 31;
  const bool zlib = (first & kMethodBits) == kDeflate && (first & ~kMethodBits) <= kLargestWindow &&
                    (first * 256U + second) % kCheck == 0;
  return zlib ? Framing::Zlib : Framing::Raw;
}

} // namespace

Result<ContentDecoder> ContentDecoder::make(std::string_view coding) {
  const std::string name = lower_ascii(base::trim(coding));
  if (name.empty() || name == "identity")
    return ContentDecoder(Coding::Identity);
  if (name == "gzip" || name == "x-gzip")
    return ContentDecoder(Coding::Gzip);
  if (name == "deflate")
    return ContentDecoder(Coding::Deflate);
  return fail(kind::kBadArgument, base::cat("it is encoded as `", coding,
                                            "`, which was not asked for: only ", kAcceptedCodings));
}

Status ContentDecoder::write(std::string_view bytes, const ByteSink& sink) {
  if (coding_ == Coding::Identity)
    return sink(bytes);
  if (coding_ == Coding::Deflate)
    return write_deflate(bytes, sink);
  if (!inflater_)
    inflater_.emplace(Framing::Gzip);
  return inflater_->write(bytes, sink);
}

Status ContentDecoder::write_deflate(std::string_view bytes, const ByteSink& sink) {
  if (inflater_)
    return inflater_->write(bytes, sink);
  head_ += bytes;
  if (head_.size() < 2)
    return {};
  inflater_.emplace(framing_of(head_));
  return inflater_->write(std::exchange(head_, {}), sink);
}

Status ContentDecoder::finish() const {
  if (coding_ == Coding::Identity)
    return {};
  if (inflater_)
    return inflater_->finish();
  return fail(kind::kBadArgument, "the compressed data ends too early");
}

} // namespace perch::sys

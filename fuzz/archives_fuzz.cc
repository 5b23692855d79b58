// The readers of archives, fed with anything: they may refuse, but neither crash nor hand out more
// than an archive's directory promises.

#include "sys/tar.h"
#include "sys/zip.h"

#include <cstddef>
#include <cstdint>

using namespace perch;

namespace {

/// Counts what comes out, and stops an archive that expands without end.
class Counter : public sys::TarVisitor {
public:
  Status begin(const sys::TarEntry&) override { return {}; }
  Status content(std::string_view bytes) override {
    size_ += bytes.size();
    constexpr std::uint64_t kLimit = 16u << 20;
    return size_ > kLimit ? Status(fail("too_large", "")) : Status();
  }
  Status end() override { return {}; }

private:
  std::uint64_t size_ = 0;
};

void read_tar(std::string_view bytes, bool gzipped) {
  Counter counter;
  sys::TarReader tar(counter);
  sys::Inflater inflater(sys::Framing::Gzip);
  const sys::ByteSink feed = [&](std::string_view piece) { return tar.write(piece); };
  if (gzipped ? inflater.write(bytes, feed).has_value() : tar.write(bytes).has_value())
    static_cast<void>(tar.finish());
}

void read_zip(std::string_view bytes) {
  const auto entries = sys::read_zip(bytes, "fuzz.zip");
  if (!entries)
    return;
  Counter counter;
  for (const auto& entry : *entries) {
    std::uint64_t size = 0;
    const auto count = [&](std::string_view piece) -> Status {
      size += piece.size();
      PERCH_ASSERT(size <= entry.size);
      return counter.content(piece);
    };
    static_cast<void>(sys::extract_zip(entry, count));
  }
}

sys::ByteSink into(std::string& out) {
  return [&out](std::string_view bytes) -> Status {
    out += bytes;
    return {};
  };
}

/// A sound archive of either kind. Fuzzers do not find checksums and signatures by themselves.
std::string sound_archive(bool zip_format) {
  std::string out;
  sys::ZipWriter zip(into(out));
  sys::TarWriter tar(into(out));
  for (const char* name : {"d/file", "another"}) {
    const std::string content(300, *name);
    if (zip_format) {
      PERCH_ASSERT(zip.add({.name = name, .store = *name == 'a', .align = 64}, content));
    } else {
      PERCH_ASSERT(tar.begin({.name = name, .size = content.size()}));
      PERCH_ASSERT(tar.content(content));
      PERCH_ASSERT(tar.end());
    }
  }
  PERCH_ASSERT(zip_format ? zip.finish() : tar.finish());
  return out;
}

/// Changes what three bytes each say: a place and what to turn over there.
void damage(std::string& archive, std::string_view edits) {
  for (; edits.size() >= 3; edits.remove_prefix(3)) {
    const auto place = static_cast<std::size_t>(static_cast<unsigned char>(edits[0])) * 256 +
                       static_cast<unsigned char>(edits[1]);
    archive[place % archive.size()] ^= edits[2];
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_tar(bytes, false);
  read_tar(bytes, true);
  read_zip(bytes);
  std::string zip = sound_archive(true);
  damage(zip, bytes);
  read_zip(zip);
  std::string tar = sound_archive(false);
  damage(tar, bytes);
  read_tar(tar, false);
  return 0;
}

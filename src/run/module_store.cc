#include "run/module_store.h"

#include "base/text.h"
#include "sys/digest.h"

namespace perch::run {

using base::cat;

namespace {

constexpr std::uint64_t kLargestModule = 1ull << 30;
constexpr std::uint64_t kLimit = 1ull << 30; ///< of all of them
constexpr std::uint64_t kDigestSize = 64;

std::string hash_of(std::string_view text) {
  return sys::hex_digest(sys::DigestKind::Sha256, text);
}

/// Of the file that says what an address delivered.
std::string address_name(std::string_view url) { return cat(hash_of(url), ".from"); }

} // namespace

std::string module_directory(std::string_view cache_directory) {
  return cat(cache_directory, "/modules");
}

ModuleStore::ModuleStore(sys::World& world, std::string_view cache_directory)
    : files_(world, module_directory(cache_directory)) {}

std::optional<std::string> ModuleStore::find(std::string_view sha256) const {
  auto bytes = files_.read(sha256, kLargestModule);
  if (!bytes || hash_of(*bytes) != sha256)
    return std::nullopt;
  files_.touch(sha256);
  return bytes;
}

std::string ModuleStore::delivered(std::string_view url) const {
  auto digest = files_.read(address_name(url), kDigestSize);
  if (digest)
    files_.touch(address_name(url)); // what is used least is removed first, of both files
  return digest.value_or(std::string());
}

Status ModuleStore::keep(std::string_view url, std::string_view sha256,
                         std::string_view bytes) const {
  PERCH_TRY(files_.write(sha256, bytes));
  PERCH_TRY(files_.write(address_name(url), sha256));
  files_.trim(kLimit);
  return {};
}

} // namespace perch::run

#pragma once
// Modules that were fetched: each by the digest of its bytes, and for each address the digest of
// what it delivered. An accepted digest says that bytes may run, not that they are what an address
// stands for, so without a pin the address decides.

#include "run/private_store.h"

#include <optional>
#include <string>
#include <string_view>

namespace perch::run {

class ModuleStore {
public:
  /// `cache_directory`: perch's own; absolute.
  ModuleStore(sys::World& world, std::string_view cache_directory);

  /// The bytes with this digest (hex); nullopt: not kept.
  [[nodiscard]] std::optional<std::string> find(std::string_view sha256) const;
  /// The digest of what the address delivered; empty: not known.
  [[nodiscard]] std::string delivered(std::string_view url) const;
  /// Errors: cache_error, file_*.
  [[nodiscard]] Status keep(std::string_view url, std::string_view sha256,
                            std::string_view bytes) const;

private:
  PrivateStore files_;
};

/// Where the store is.
[[nodiscard]] std::string module_directory(std::string_view cache_directory);

} // namespace perch::run

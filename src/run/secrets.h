#pragma once
// Texts that no event may show: values of secret arguments and of variables with telling names.

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// Whether a variable or argument of this name holds a secret: `*TOKEN*`, `*SECRET*`,
/// `*PASSWORD*`, `*_KEY`, in any case.
[[nodiscard]] bool is_secret_name(std::string_view name);

/// Threads: safe from all branches of a run.
class Secrets {
public:
  /// Remembers a value. Texts under four bytes are no secrets: hiding them would hide everything.
  void add(std::string_view value);
  /// `text` with every secret replaced by `•••`.
  [[nodiscard]] std::string mask(std::string text) const;

private:
  mutable std::mutex mutex_;
  std::vector<std::string> values_; ///< longest first, so that one inside another leaves no rest
};

} // namespace perch::run

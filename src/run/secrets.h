#pragma once
// Texts that no event may show: values of secret arguments and of variables with telling names.

#include "base/result.h"
#include "op/value.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// Whether a variable or argument of this name holds a secret: `*TOKEN*`, `*SECRET*`,
/// `*PASSWORD*`, `*_KEY`, in any case.
[[nodiscard]] bool is_secret_name(std::string_view name);

/// What is shown in place of a secret.
inline constexpr std::string_view kMask = "•••";

/// Threads: safe from all branches of a run.
class Secrets {
public:
  /// Remembers a value: as it is, without white space around it, as JSON writes it, and each of
  /// its lines that is long enough to be a secret alone. Texts under four bytes are no secrets:
  /// hiding them would hide everything.
  void add(std::string_view value);
  /// A value of the program: a list's elements each count, too.
  void add(const op::Value& value);
  /// Whether a secret is in `text`.
  [[nodiscard]] bool is_in(std::string_view text) const;
  /// `text` with every secret replaced by `•••`; secrets that overlap, by one.
  [[nodiscard]] std::string mask(std::string text) const;
  [[nodiscard]] Error mask(Error error) const;
  /// The same for a text of any size: after kLongestShown bytes only its size is told.
  [[nodiscard]] std::string shown(std::string_view text) const;
  static constexpr std::size_t kLongestShown = 4096;

private:
  /// Whether the end of a text is its own, or where it was cut: then a secret may be cut in two.
  enum class End : std::uint8_t { Whole, Cut };
  struct Range {
    std::size_t begin, end;
  };

  void remember(std::string_view value);
  [[nodiscard]] std::vector<Range> found_in(std::string_view text, End end) const;
  [[nodiscard]] std::size_t cut_off_in(std::string_view text) const;
  [[nodiscard]] std::string hidden(std::string_view text, End end) const;

  std::atomic<bool> any_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> values_; ///< longest first
};

} // namespace perch::run

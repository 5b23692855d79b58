#pragma once
// Diagnostics that several regions of the parser raise.

#include "base/text.h"
#include "lang/keywords.h"

#include <string>
#include <string_view>

namespace perch::lang {

/// A line of another region.
struct MisplacedSetting {
  static constexpr std::string_view id = "misplaced-line";
  std::string_view word;
  [[nodiscard]] std::string message() const { return base::cat("`", word, "` cannot stand here"); }
  [[nodiscard]] std::string help() const;
};

/// A line that no region knows.
struct UnknownSetting {
  static constexpr std::string_view id = "unknown-line";
  std::string_view word;
  Region region;
  [[nodiscard]] std::string message() const {
    return base::cat("`", word, "` is nothing that ", name_of(region), " knows");
  }
  [[nodiscard]] std::string help() const;
};

/// A statement where none can be.
struct StatementOutsideBody {
  static constexpr std::string_view id = "statement-outside-body";
  std::string_view head;
  std::string_view second; ///< the word behind it; may be empty
  [[nodiscard]] std::string message() const {
    return base::cat("`", head, "` stands outside a body");
  }
  [[nodiscard]] std::string help() const;
  /// What the file level knows that is nearly the word; empty: nothing.
  [[nodiscard]] std::string_view nearest() const;
};

} // namespace perch::lang

#pragma once
// Result<T>: a value or the Error that explains why there is none. Nothing in perch throws.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace perch {

/// A failure that is the user's or the machine's, never ours (that is PERCH_ASSERT).
///
/// `kind` is what `err.kind` shows and `match` compares: one of the constants of
/// base/error_kinds.h, with static lifetime. Where it happened is added by the runner
/// (run/failure.h), which knows the statement; the raiser knows only the fact.
struct Error {
  std::string_view kind;
  std::string message;     ///< One sentence, lower case, no full stop: what happened to what.
  std::string detail;      ///< `err.detail`: the path, host, name or command line concerned.
  std::string help;        ///< The way out, one sentence; empty when the message is the way out.
  std::string note;        ///< Printed before the help: who said no, and what it does allow.
  std::optional<int> code; ///< `err.code`: the exit status of a child or guest.
  std::string code_name;   ///< `err.code` when it is no number: "SIGTERM".
  std::string op;          ///< `err.op`; the runner fills it in.
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

/// Shorthand for the failing side of any Result.
[[nodiscard]] inline std::unexpected<Error> fail(std::string_view kind, std::string message,
                                                 std::string detail = {}, std::string help = {}) {
  return std::unexpected(Error{.kind = kind,
                               .message = std::move(message),
                               .detail = std::move(detail),
                               .help = std::move(help),
                               .note = {},
                               .code = {},
                               .code_name = {},
                               .op = {}});
}

/// Prints file, line and condition, asks for a report, and aborts.
[[noreturn]] void assertion_failed(const char* file, int line, const char* condition);

} // namespace perch

#define PERCH_CONCAT_INNER(a, b) a##b
#define PERCH_CONCAT(a, b) PERCH_CONCAT_INNER(a, b)

/// Evaluates a Result or Status and returns its error from the enclosing function.
#define PERCH_TRY(expr)                                                                            \
  do {                                                                                             \
    if (auto perch_try = (expr); !perch_try) {                                                     \
      return std::unexpected(std::move(perch_try).error());                                        \
    }                                                                                              \
  } while (false)

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses.
#define PERCH_TRY_ASSIGN_INNER(tmp, decl, expr)                                                    \
  auto tmp = (expr);                                                                               \
  if (!tmp)                                                                                        \
    return std::unexpected(std::move(tmp).error());                                                \
  decl = std::move(tmp).value()
// NOLINTEND(bugprone-macro-parentheses)

/// `PERCH_TRY_ASSIGN(auto x, f());` declares x from f's value or returns f's error.
#define PERCH_TRY_ASSIGN(decl, expr)                                                               \
  PERCH_TRY_ASSIGN_INNER(PERCH_CONCAT(perch_try_, __LINE__), decl, expr)

/// An invariant of ours; checked in release builds too.
#define PERCH_ASSERT(condition)                                                                    \
  ((condition) ? void(0) : ::perch::assertion_failed(__FILE__, __LINE__, #condition))

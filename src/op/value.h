#pragma once
// What a binding holds: text with a type. Bytes are kept as they are, NUL and ill-formed UTF-8
// included.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::op {

/// Types of values and of parameters.
enum class Type : std::uint8_t {
  None, ///< an op without result
  Text,
  Int, ///< 64 bit, decimal
  Float,
  Bool,     ///< true, false
  List,     ///< of texts; its text is the elements joined by newlines
  Json,     ///< compact JSON text
  Any,      ///< parameters only: taken as it is
  Number,   ///< parameters only: int or float
  Duration, ///< parameters only: 500ms, 1h30m, 2d; a bare number is seconds
  Path,     ///< parameters only: non-empty text, resolved against the command's directory
};

[[nodiscard]] std::string_view type_name(Type type);

/// An immutable value; copies share a list's elements.
class Value {
public:
  Value() = default;
  explicit Value(std::string text) : type_(Type::Text), text_(std::move(text)) {}
  [[nodiscard]] static Value integer(std::int64_t value);
  [[nodiscard]] static Value number(double value);
  [[nodiscard]] static Value boolean(bool value);
  [[nodiscard]] static Value json(std::string text);
  /// A list remembers its elements exactly, so elements may be empty or hold newlines when they
  /// are spread into words; its text cannot tell those apart.
  [[nodiscard]] static Value list(std::vector<std::string> items);
  /// An omitted optional argument: empty text that spreads into no word at all, as a list without
  /// elements does.
  [[nodiscard]] static Value omitted();

  [[nodiscard]] Type type() const { return type_; }
  [[nodiscard]] const std::string& text() const& { return text_; }
  [[nodiscard]] std::string text() && { return std::move(text_); }
  [[nodiscard]] bool is_list() const { return items_ != nullptr; }
  [[nodiscard]] const std::vector<std::string>& items() const { return *items_; }
  /// False for the empty text, `false`, `0` and an omitted value; true for all else.
  [[nodiscard]] bool truthy() const;

private:
  Type type_ = Type::Text;
  std::string text_;
  std::shared_ptr<const std::vector<std::string>> items_;
};

/// Why `value` cannot be taken as a parameter of type `as`, or nullopt when it can:
/// "`x` is not an integer".
[[nodiscard]] std::optional<std::string> mismatch(const Value& value, Type as);

} // namespace perch::op

#pragma once
// JSON written piece by piece, straight into a text: events are many, and must cost little.

#include "trace/event.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace perch::trace {

/// Builds one JSON value. Keys and values are added in order; commas are its own affair.
class JsonText {
public:
  enum class Html : std::uint8_t { No, Safe }; ///< Safe: `<` is escaped, to stand in a page
  explicit JsonText(Html html = Html::No) : html_(html) { text_.reserve(kUsualBytes); }

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  /// `name` holds nothing that JSON would have to escape: letters, digits, `_`.
  void key(std::string_view name);

  /// Bytes that are no UTF-8 become U+FFFD, and replaced_bytes() true.
  void value(std::string_view text);
  void value(std::int64_t number);
  void value(bool truth);
  /// Milliseconds with three decimals.
  void milliseconds(std::int64_t ns);
  /// Durations get the key `NAME_ms`.
  void field(const Field& field);
  template <class T>
  void field(std::string_view name, const T& what) {
    key(name);
    value(what);
  }

  [[nodiscard]] bool replaced_bytes() const { return replaced_bytes_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string take() { return std::move(text_); }
  /// Adds finished JSON: the value of a key, or, inside an object, `"key":value` pairs.
  void raw(std::string_view json);

private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void value(const Record& record);

  static constexpr std::size_t kUsualBytes = 512;

  Html html_;
  bool first_ = true; ///< nothing stands before the next value in its object or array
  bool replaced_bytes_ = false;
  std::string text_;
};

} // namespace perch::trace

#include "program/argument_text.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace perch::program {

using op::Type;

std::optional<std::int64_t> argument_integer(std::string_view text) {
  bool negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 2 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    if (base != 10)
      text.remove_prefix(2);
  }
  if (text.empty() || text.starts_with('_') || text.ends_with('_') || text.contains("__"))
    return std::nullopt;
  std::string digits = negative ? "-" : "";
  std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != '_'; });
  std::int64_t value = 0;
  const auto end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value, base);
  if (parsed.ec != std::errc() || parsed.ptr != end)
    return std::nullopt;
  return value;
}

std::optional<bool> argument_truth(std::string_view text) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::ranges::find(kTrue, text) != kTrue.end())
    return true;
  if (std::ranges::find(kFalse, text) != kFalse.end())
    return false;
  return std::nullopt;
}

std::string_view type_missed(const Arg& arg, std::string_view text) {
  switch (arg.type) {
  case Type::Int:
    return argument_integer(text) ? "" : "an integer";
  case Type::Float:
    return base::parse_float(text) ? "" : "a number";
  case Type::Bool:
    return argument_truth(text) ? "" : "true or false";
  case Type::None:
  case Type::Text:
  case Type::List:
  case Type::Json:
  case Type::Any:
  case Type::Number:
  case Type::Duration:
  case Type::Path:
    break;
  }
  return "";
}

bool is_choice(const Arg& arg, std::string_view text) {
  return arg.choices.empty() || std::ranges::find(arg.choices, text) != arg.choices.end();
}

std::string choices_text(const Arg& arg) {
  std::string out;
  for (const std::string_view choice : arg.choices)
    out += base::cat(out.empty() ? "" : ", ", choice);
  return out;
}

} // namespace perch::program

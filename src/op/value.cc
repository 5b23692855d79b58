#include "op/value.h"

#include "base/result.h"
#include "base/text.h"

namespace perch::op {

std::string_view type_name(Type type) {
  switch (type) {
  case Type::None:
    return "nothing";
  case Type::Text:
    return "text";
  case Type::Int:
    return "int";
  case Type::Float:
    return "float";
  case Type::Bool:
    return "bool";
  case Type::List:
    return "list";
  case Type::Json:
    return "json";
  case Type::Any:
    return "any";
  case Type::Number:
    return "number";
  case Type::Duration:
    return "duration";
  case Type::Path:
    return "path";
  }
  PERCH_ASSERT(false);
  return {};
}

Value Value::integer(std::int64_t value) {
  Value result(base::cat(value));
  result.type_ = Type::Int;
  return result;
}

Value Value::number(double value) {
  Value result(base::float_text(value));
  result.type_ = Type::Float;
  return result;
}

Value Value::boolean(bool value) {
  Value result(value ? std::string("true") : std::string("false"));
  result.type_ = Type::Bool;
  return result;
}

Value Value::json(std::string text) {
  Value result(std::move(text));
  result.type_ = Type::Json;
  return result;
}

Value Value::list(std::vector<std::string> items) {
  Value result(base::join(items, "\n"));
  result.type_ = Type::List;
  result.items_ = std::make_shared<const std::vector<std::string>>(std::move(items));
  return result;
}

Value Value::omitted() { return list({}); }

bool Value::truthy() const { return !(text_.empty() || text_ == "false" || text_ == "0"); }

namespace {

bool is_duration(std::string_view text) {
  if (base::parse_duration_ns(text))
    return true;
  const auto seconds = base::parse_float(text);
  return seconds && *seconds > -9e9 && *seconds < 9e9;
}

/// What `text` would have to be for `as`; empty when it is that already.
std::string_view expectation(std::string_view text, Type as) {
  switch (as) {
  case Type::Int:
    return base::parse_int(text) ? "" : "an integer";
  case Type::Float:
  case Type::Number:
    return base::parse_float(text) ? "" : "a number";
  case Type::Bool:
    return text == "true" || text == "false" ? "" : "true or false";
  case Type::Duration:
    return is_duration(text) ? "" : "a duration such as 500ms, 2s or 1h30m";
  case Type::Path:
  case Type::None:
  case Type::Text:
  case Type::List:
  case Type::Json:
  case Type::Any:
    return "";
  }
  return "";
}

} // namespace

std::optional<std::string> mismatch(const Value& value, Type as) {
  if (as == Type::Path) {
    if (value.text().empty())
      return "a path must not be empty";
    if (value.text().find('\0') != std::string::npos)
      return "a path must not hold a NUL byte";
    return std::nullopt;
  }
  const auto wanted = expectation(value.text(), as);
  if (wanted.empty())
    return std::nullopt;
  return base::cat("`", value.text(), "` is not ", wanted);
}

} // namespace perch::op

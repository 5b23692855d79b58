#pragma once
// JSON as perch writes and reads it: keys in their order, 64-bit integers exact.

#include <nlohmann/json.hpp>

#include <string>

namespace perch::base {

using Json = nlohmann::ordered_json;

/// Compact, or with `indent` spaces a level. Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] inline std::string json_text(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

} // namespace perch::base

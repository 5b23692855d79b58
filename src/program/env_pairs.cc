#include "program/env_pairs.h"

#include "base/text.h"

#include <algorithm>

namespace perch::program {

namespace {

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
    return text.substr(1, text.size() - 2);
  return text;
}

} // namespace

std::vector<EnvPair> env_pair(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == text.npos)
    return {};
  return {{.name = text.substr(0, equals), .value = text.substr(equals + 1)}};
}

std::vector<EnvPair> env_pairs(std::string_view text) {
  std::vector<EnvPair> pairs;
  for (const std::string_view piece : base::split(text, ',')) {
    const auto equals = piece.find('=');
    const std::string_view name = base::trim(piece.substr(0, equals));
    if (equals == piece.npos || !base::is_identifier(name))
      return env_pair(text);
    pairs.push_back({.name = name, .value = unquoted(base::trim(piece.substr(equals + 1)))});
  }
  return pairs.size() == 1 ? env_pair(text) : pairs;
}

} // namespace perch::program

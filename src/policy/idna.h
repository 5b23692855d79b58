#pragma once
// The ASCII form of one label of a host name.

#include "base/result.h"

#include <string>
#include <string_view>

namespace perch::policy {

/// Lower-cases an ASCII label; turns a label of letters beyond ASCII into `xn--` and Punycode
/// (RFC 3492). Only letters that IDNA maps to themselves or to their lower case are taken (Latin-1,
/// Greek, Cyrillic, Hebrew, Arabic, kana, Han, Hangul): the rest needs Unicode's tables and is
/// refused. Errors: bad_argument, whose help shows the label's Punycode where it has one.
[[nodiscard]] Result<std::string> label_to_ascii(std::string_view label);

} // namespace perch::policy

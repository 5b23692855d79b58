#pragma once
// What perch itself has to say about a word: an op, a block, a setting, a verb.

#include "cli/context.h"

#include <string_view>
#include <vector>

namespace perch::cli {

/// Prints what is known of `word`, as JSON when that was asked for; false: nothing is.
bool print_topic(const Context& context, std::string_view word);

/// Every word that is one.
[[nodiscard]] std::vector<std::string_view> topic_names();

} // namespace perch::cli

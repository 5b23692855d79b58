#pragma once
// What the system said, as one of our errors.

#include "base/result.h"

#include <string>
#include <string_view>

namespace perch::sys {

/// The system's words for an errno value, lower case: "no such file or directory".
[[nodiscard]] std::string os_words(int number);
/// Its name: "ENOENT"; "errno 4711" when it has none.
[[nodiscard]] std::string os_name_of_error(int number);

/// "cannot `action` `path`: words", with `path` as the detail. The kind is file_not_found (ENOENT,
/// ENOTDIR), file_permission_denied (EACCES, EPERM, EROFS), file_already_exists (EEXIST) or
/// file_error, whose `code_name` is the errno's name.
[[nodiscard]] std::unexpected<Error> os_fail(int number, std::string_view action,
                                             std::string_view path);

} // namespace perch::sys

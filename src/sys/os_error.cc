#include "sys/os_error.h"

#include "base/error_kinds.h"
#include "base/text.h"

#include <cerrno>
#include <cstring>

namespace perch::sys {

std::string os_words(int number) {
  const char* words = strerrordesc_np(number);
  if (words == nullptr)
    return base::cat("error ", number);
  std::string text = words;
  // "Is a directory" becomes lower case, "I/O error" and "RPC ..." stay.
  bool is_word = text.size() > 1 && text[1] >= 'a' && text[1] <= 'z';
  bool is_article = text.size() > 1 && text[1] == ' ';
  if ((is_word || is_article) && text[0] >= 'A' && text[0] <= 'Z')
    text[0] += 'a' - 'A';
  return text;
}

std::string os_name_of_error(int number) {
  const char* name = strerrorname_np(number);
  return name != nullptr ? std::string(name) : base::cat("errno ", number);
}

static std::string_view kind_of(int number) {
  switch (number) {
  case ENOENT:
  case ENOTDIR:
    return kind::kFileNotFound;
  case EACCES:
  case EPERM:
  case EROFS:
    return kind::kFilePermissionDenied;
  case EEXIST:
    return kind::kFileAlreadyExists;
  default:
    return kind::kFileError;
  }
}

std::unexpected<Error> os_fail(int number, std::string_view action, std::string_view path) {
  auto error = fail(kind_of(number),
                    base::cat("cannot ", action, path.empty() ? "" : " `", path,
                              path.empty() ? ": " : "`: ", os_words(number)),
                    std::string(path));
  error.error().code_name = os_name_of_error(number);
  return error;
}

} // namespace perch::sys

#include "policy/entries.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/hosts.h"

namespace perch::policy {
namespace {

using base::cat;
using op::Cap;

/// Joins and drops `.` and empty components. `..` stays: only the disk knows what it means behind a
/// link, and until a root is pinned one with `..` matches nothing.
std::string absolute(std::string_view directory, std::string_view path) {
  std::string out;
  const std::string whole = path.starts_with('/') ? std::string(path) : cat(directory, '/', path);
  for (const std::string_view part : base::split(whole, '/')) {
    if (part.empty() || part == ".")
      continue;
    out += '/';
    out += part;
  }
  return out.empty() ? "/" : out;
}

std::unexpected<Error> bad(std::string_view where, std::string_view entry, std::string_view why) {
  return fail(kind::kBadArgument, cat(where, ": `", entry, "` ", why), std::string(entry));
}

Result<std::string> bin_entry(std::string_view entry, std::string_view directory,
                              std::string_view where) {
  if (entry.find_first_of("*?") != std::string_view::npos)
    return bad(where, entry, "is no name of a program: write each name as it is");
  if (entry.find('/') == std::string_view::npos)
    return std::string(entry);
  return absolute(directory, entry);
}

Result<std::string> env_entry(std::string_view entry, std::string_view where) {
  if (entry.find_first_of("= *?$") == std::string_view::npos)
    return std::string(entry);
  return bad(where, entry, "is no name of a variable: write each name as it is, without a value");
}

Result<std::string> one_entry(Cap cap, std::string_view entry, std::string_view directory,
                              std::string_view where) {
  if (entry.empty())
    return bad(where, entry, "is empty and can match nothing");
  if (entry.find('\0') != std::string_view::npos)
    return bad(where, "…", "holds a NUL byte");
  switch (cap) {
  case Cap::Exec:
    return bin_entry(entry, directory, where);
  case Cap::Read:
  case Cap::Write:
    return absolute(directory, entry);
  case Cap::Net: {
    Result<std::string> pattern = normalize_host_pattern(entry);
    if (!pattern)
      pattern.error().message = cat(where, ": ", pattern.error().message);
    return pattern;
  }
  case Cap::Env:
    return env_entry(entry, where);
  case Cap::None:
  case Cap::Wasm:
    return std::string(entry);
  }
  return std::string(entry);
}

} // namespace

Result<std::vector<std::string>> entries(Cap cap, std::span<const std::string> written,
                                         std::string_view directory, std::string_view where) {
  std::vector<std::string> out;
  out.reserve(written.size());
  for (const std::string& entry : written) {
    PERCH_TRY_ASSIGN(std::string normal, one_entry(cap, entry, directory, where));
    out.push_back(std::move(normal));
  }
  return out;
}

} // namespace perch::policy

#include "run/gate_glob.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "base/unicode.h"

#include <algorithm>
#include <span>

namespace perch::run {

using base::cat;

namespace {

constexpr auto kNpos = std::string_view::npos;

/// The character at the front of a text, which is not empty.
std::string_view front(std::string_view text) {
  return text.substr(0, base::decode_utf8(text).bytes);
}

char32_t code(std::string_view character) {
  const base::Decoded decoded = base::decode_utf8(character);
  return decoded.valid ? decoded.code : static_cast<unsigned char>(character[0]);
}

/// A `[…]` cut off the front of a pattern.
struct Set {
  bool negated = false;
  std::vector<std::pair<char32_t, char32_t>> ranges;
  std::size_t length = 0; ///< of the pattern's text, brackets included; 0: not well-formed
  [[nodiscard]] bool contains(char32_t c) const {
    const bool listed = std::ranges::any_of(
        ranges, [&](const auto& range) { return c >= range.first && c <= range.second; });
    return listed != negated;
  }
};

/// Takes one character, escaped or not, off the front. False at the end.
bool take(std::string_view& text, char32_t& out) {
  if (text.starts_with('\\'))
    text.remove_prefix(1);
  if (text.empty())
    return false;
  out = code(text);
  text.remove_prefix(front(text).size());
  return true;
}

Set parse_set(std::string_view pattern) {
  Set out;
  std::string_view rest = pattern.substr(1);
  if (rest.starts_with('!') || rest.starts_with('^')) {
    out.negated = true;
    rest.remove_prefix(1);
  }
  // A `]` right at the start is a member, so a set is never empty.
  for (bool first = true; first || !rest.starts_with(']'); first = false) {
    std::pair<char32_t, char32_t> range;
    if (!take(rest, range.first))
      return out;
    range.second = range.first;
    if (rest.size() >= 2 && rest[0] == '-' && rest[1] != ']') {
      rest.remove_prefix(1);
      if (!take(rest, range.second) || range.second < range.first)
        return out;
    }
    out.ranges.push_back(range);
    if (rest.empty())
      return out;
  }
  out.length = pattern.size() - rest.size() + 1;
  return out;
}

/// Matches one pattern element that stands for exactly one character at the front of `name`; moves
/// both on. `*` is not among them.
bool match_one(std::string_view& pattern, std::string_view& name) {
  const std::string_view character = front(name);
  if (pattern[0] == '[') {
    const Set set = parse_set(pattern);
    if (set.length == 0 || !set.contains(code(character)))
      return false;
    pattern.remove_prefix(set.length);
  } else if (pattern[0] == '?') {
    pattern.remove_prefix(1);
  } else {
    char32_t wanted = 0;
    if (!take(pattern, wanted) || wanted != code(character))
      return false;
  }
  name.remove_prefix(character.size());
  return true;
}

/// One component of a pattern that is walked.
struct Component {
  std::string text;
  bool wild = false; ///< holds `*`, `?`, `[` or `\`
  bool deep = false; ///< `**`
};

std::vector<Component> components(std::string_view pattern) {
  std::vector<Component> out;
  for (const std::string_view part : base::split(pattern, '/')) {
    if (part.empty() || part == ".")
      continue;
    const bool deep = part == "**";
    if (deep && !out.empty() && out.back().deep)
      continue;
    out.push_back({std::string(part), part.find_first_of("*?[\\") != kNpos, deep});
  }
  // At the end it stands for everything below.
  if (!out.empty() && out.back().deep)
    out.push_back({"*", true, false});
  return out;
}

class Glob {
public:
  Glob(const Gate& gate, const Scope& scope, Actor actor)
      : gate_(gate), scope_(scope), actor_(actor) {}

  /// `at`: the path walked so far, as it will be returned; empty for the start.
  Status walk(std::string at, std::span<const Component> rest, bool reached_by_wildcard);

  std::vector<std::string> found;

private:
  static constexpr int kMaxDepth = 256;

  Status expand(const std::string& at, std::span<const Component> rest, bool by_wildcard);
  Status end_at(const std::string& at, bool by_wildcard);
  /// True when the place was denied or cannot be reached and a wildcard led there.
  [[nodiscard]] static bool skips(const Error& error, bool by_wildcard) {
    return by_wildcard && error.kind != kind::kAuditFailed;
  }

  const Gate& gate_;
  const Scope& scope_;
  Actor actor_;
};

std::string joined(const std::string& at, std::string_view name) {
  return at.empty() || at.ends_with('/') ? cat(at, name) : cat(at, '/', name);
}

Status Glob::end_at(const std::string& at, bool by_wildcard) {
  // The last component itself need not be followed: a dangling link is there, too.
  const auto spot = gate_.read_spot(scope_, actor_, at, sys::Final::NoFollow);
  if (!spot) {
    if (skips(spot.error(), by_wildcard) || spot.error().kind == kind::kFileNotFound)
      return {};
    return std::unexpected(spot.error());
  }
  if (spot->info.type != sys::NodeType::Missing)
    found.push_back(at);
  return {};
}

Status Glob::expand(const std::string& at, std::span<const Component> rest, bool by_wildcard) {
  const std::string place = at.empty() ? "." : at;
  const bool deep = rest.front().deep;
  const auto spot = gate_.read_spot(scope_, actor_, place, sys::Final::Follow);
  if (!spot) {
    if (skips(spot.error(), by_wildcard) || spot.error().kind == kind::kFileNotFound)
      return {};
    return std::unexpected(spot.error());
  }
  if (spot->info.type != sys::NodeType::Directory)
    return {};
  auto entries = gate_.world().fs.list(*spot);
  if (!entries) {
    if (skips(entries.error(), by_wildcard))
      return {};
    return std::unexpected(std::move(entries).error());
  }
  if (deep)
    PERCH_TRY(walk(at, rest.subspan(1), by_wildcard));
  for (const auto& [name, type] : *entries) {
    if (deep) {
      if (type == sys::NodeType::Directory && !name.starts_with('.'))
        PERCH_TRY(expand(joined(at, name), rest, true));
    } else if (matches_component(rest.front().text, name)) {
      PERCH_TRY(walk(joined(at, name), rest.subspan(1), true));
    }
  }
  return {};
}

Status Glob::walk(std::string at, std::span<const Component> rest, bool by_wildcard) {
  PERCH_TRY(scope_.cancel->check());
  if (std::ranges::count(at, '/') > kMaxDepth)
    return fail(kind::kFileError, cat(actor_.name, ": the directories are nested too deeply"), at);
  while (!rest.empty() && !rest.front().wild) {
    at = joined(at, rest.front().text);
    rest = rest.subspan(1);
  }
  if (rest.empty())
    return at.empty() ? Status() : end_at(at, by_wildcard);
  return expand(at, rest, by_wildcard);
}

} // namespace

bool matches_component(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.') && !pattern.starts_with("\\."))
    return false;
  // Where to go on after a mismatch: behind the last `*`, which takes one character more.
  std::string_view star_pattern, star_name;
  bool has_star = false;
  while (!name.empty()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      star_pattern = pattern;
      star_name = name;
      has_star = true;
    } else if (pattern.empty() || !match_one(pattern, name)) {
      if (!has_star)
        return false;
      star_name.remove_prefix(front(star_name).size());
      pattern = star_pattern;
      name = star_name;
    }
  }
  return pattern.find_first_not_of('*') == kNpos;
}

Status check_glob(std::string_view pattern) {
  const auto bad = [&](std::string_view why, std::string_view help) {
    return fail(kind::kBadArgument, cat("`", pattern, "` is no pattern: ", why),
                std::string(pattern), std::string(help));
  };
  for (const std::string_view part : base::split(pattern, '/')) {
    if (part != "**" && part.find("**") != kNpos)
      return bad("`**` must be a component of its own", "write **/*.txt for any depth");
    for (std::string_view rest = part; !rest.empty();) {
      if (rest == "\\")
        return bad("it ends in `\\`", "write `\\\\` for a backslash");
      const Set set = rest[0] == '[' ? parse_set(rest) : Set{.length = 1};
      if (set.length == 0)
        return bad("a `[` has no end or a range runs backwards", "write `\\[` for a bracket");
      rest.remove_prefix(rest[0] == '\\' ? 2 : set.length);
    }
  }
  return {};
}

Result<std::vector<std::string>> glob(const Gate& gate, const Scope& scope, Actor actor,
                                      std::string_view pattern) {
  if (pattern.empty())
    return fail(kind::kBadArgument, cat(actor.name, ": the pattern is empty"));
  PERCH_TRY(check_glob(pattern));
  const std::vector<Component> parts = components(pattern);
  Glob walker(gate, scope, actor);
  PERCH_TRY(walker.walk(pattern.starts_with('/') ? "/" : "", parts, false));
  std::ranges::sort(walker.found);
  const auto twice = std::ranges::unique(walker.found);
  walker.found.erase(twice.begin(), twice.end());
  return std::move(walker.found);
}

} // namespace perch::run

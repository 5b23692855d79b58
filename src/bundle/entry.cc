#include "bundle/entry.h"

#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <span>

namespace perch::bundle {

namespace {

using base::cat;

constexpr std::string_view kOpen = "\n  {\n", kClose = "\n  }";

std::string octal(std::uint32_t mode) {
  std::string text = "0";
  for (int shift = 6; shift >= 0; shift -= 3)
    text += static_cast<char>('0' + (mode >> shift & 7));
  return text;
}

bool is_octal(std::string_view text) {
  return text.size() == 4 && text.front() == '0' && text.find_first_not_of("01234567") == text.npos;
}

std::uint32_t from_octal(std::string_view digits) {
  std::uint32_t mode = 0;
  for (const char c : digits)
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  return mode;
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// Reads what entry_text() writes, line by line. Members that are not as they should be leave it
/// unsound, and what they are for as it was.
class Lines {
public:
  explicit Lines(std::string_view text) : rest_(text) {}

  void text(std::string_view key, std::string& out) {
    std::string_view value = member(key);
    if (value.size() < 2 || value.front() != '"' || value.back() != '"')
      return lack();
    if (value.find('\\') == value.npos) {
      value.remove_prefix(1);
      value.remove_suffix(1);
      if (value.find('"') != value.npos)
        return lack();
      out.assign(value);
      return;
    }
    const base::Json json = base::Json::parse(value, nullptr, false);
    if (!json.is_string())
      return lack();
    out = json.get_ref<const std::string&>();
  }
  void digest(std::string_view key, std::size_t digits, std::string& out) {
    text(key, out);
    if (!is_hex(out, digits))
      lack();
  }
  void number(std::string_view key, std::uint64_t& out) {
    const std::string_view value = member(key);
    const std::span<const char> digits(value);
    const char* begin = std::to_address(digits.begin());
    const char* end = std::to_address(digits.end());
    const auto [at, error] = std::from_chars(begin, end, out);
    if (error != std::errc() || at != end)
      lack();
  }
  void truth(std::string_view key, bool& out) {
    const std::string_view value = member(key);
    if (value != "true" && value != "false")
      lack();
    out = value == "true";
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool sound() const { return sound_; }

private:
  void lack() { sound_ = false; }

  /// What follows `   "KEY": ` on the next line, without the comma that is on all but the last.
  std::string_view member(std::string_view key) {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    const bool last = end == rest_.size();
    rest_.remove_prefix(last ? end : end + 1);
    constexpr std::string_view kBefore = "   \"", kBetween = "\": ";
    const std::size_t value = kBefore.size() + key.size() + kBetween.size();
    if (!line.starts_with(kBefore) || line.substr(kBefore.size(), key.size()) != key ||
        line.substr(std::min(kBefore.size() + key.size(), line.size()), kBetween.size()) !=
            kBetween ||
        line.ends_with(',') == last) {
      lack();
      return {};
    }
    line.remove_prefix(value);
    if (!last)
      line.remove_suffix(1);
    return line;
  }

  std::string_view rest_;
  bool sound_ = true;
};

/// `text`: the lines between the braces. Gives the strings of `entry` new content, so that one
/// that is used again and again takes no new memory.
bool parse_entry(std::string_view text, Entry& entry) {
  Lines from(text);
  std::string mode;
  from.text("name", entry.name);
  from.digest("sha256", 64, entry.sha256);
  from.number("size", entry.size);
  from.text("mode", mode);
  from.number("header", entry.header);
  from.number("content", entry.content);
  from.number("packed", entry.packed);
  from.truth("stored", entry.stored);
  from.digest("frame", 8, entry.frame);
  entry.xxh3.clear();
  if (!from.at_end())
    from.digest("xxh3", 32, entry.xxh3);
  if (!from.sound() || !from.at_end() || !is_octal(mode) || !is_safe_name(entry.name) ||
      (entry.stored && entry.packed != entry.size))
    return false;
  entry.mode = from_octal(mode);
  return true;
}

/// The lines of the entry that begins at `at`, which is moved behind it; empty: there is none.
std::string_view next_entry(std::string_view text, std::size_t& at) {
  if (text.substr(at, kOpen.size()) != kOpen)
    return {};
  const std::size_t begin = at + kOpen.size();
  const std::size_t end = text.find(kClose, begin);
  if (end == text.npos)
    return {};
  at = end + kClose.size();
  return text.substr(begin, end - begin);
}

} // namespace

std::string entry_text(const Entry& entry) {
  const auto quoted = [](const std::string& text) { return base::json_text(base::Json(text)); };
  return cat(
      kOpen, "   \"name\": ", quoted(entry.name), ",\n   \"sha256\": \"", entry.sha256,
      "\",\n   \"size\": ", entry.size, ",\n   \"mode\": \"", octal(entry.mode),
      "\",\n   \"header\": ", entry.header, ",\n   \"content\": ", entry.content,
      ",\n   \"packed\": ", entry.packed, ",\n   \"stored\": ", entry.stored ? "true" : "false",
      ",\n   \"frame\": \"", entry.frame, '"',
      entry.xxh3.empty() ? std::string() : cat(",\n   \"xxh3\": \"", entry.xxh3, '"'), kClose);
}

bool EntryList::each(const Take& take) const {
  Entry entry;
  std::string before;
  for (std::size_t at = 0; at < text_.size();) {
    if (at > 0 && text_[at] != ',')
      return false;
    at += at > 0 ? 1 : 0;
    const std::string_view lines = next_entry(text_, at);
    if (lines.empty() || !parse_entry(lines, entry) || before >= entry.name ||
        (take && !take(entry)))
      return false;
    before.assign(entry.name);
  }
  return true;
}

/// Where the first entry begins whose name is not before `name`.
std::size_t EntryList::lower_bound(std::string_view name) const {
  std::size_t low = 0,
              high = text_.size(); // the entry begins at `low` or behind, not behind `high`
  Entry entry;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    // No text of a manifest holds the end of a line, so only an entry begins like this.
    const std::size_t found = text_.find(kOpen, middle);
    if (found >= high) {
      high = middle;
      continue;
    }
    std::size_t behind = found;
    if (!parse_entry(next_entry(text_, behind), entry))
      return text_.size();
    if (entry.name < name)
      low = behind;
    else
      high = middle;
  }
  return std::min(text_.find(kOpen, low), text_.size());
}

void EntryList::each_below(std::string_view prefix,
                           const std::function<void(const Entry&)>& take) const {
  Entry entry;
  for (std::size_t at = lower_bound(prefix); at < text_.size(); ++at) { // over the comma
    if (!parse_entry(next_entry(text_, at), entry) || !entry.name.starts_with(prefix))
      return;
    take(entry);
  }
}

std::optional<Entry> EntryList::find(std::string_view name) const {
  Entry entry;
  std::size_t at = lower_bound(name);
  if (at == text_.size() || !parse_entry(next_entry(text_, at), entry) || entry.name != name)
    return std::nullopt;
  return entry;
}

bool is_safe_name(std::string_view name) {
  if (!base::is_utf8(name) || name.find('\0') != name.npos || name.find('\\') != name.npos)
    return false;
  for (;;) {
    const std::size_t slash = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..")
      return false;
    if (slash == name.size())
      return true;
    name.remove_prefix(slash + 1);
  }
}

} // namespace perch::bundle

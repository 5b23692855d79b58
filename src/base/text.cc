#include "base/text.h"

#include "base/unicode.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace perch::base {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Edits between two words: insert, delete, replace, swap neighbours.
int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> before(b.size() + 1);
  std::vector<int> last(b.size() + 1);
  std::vector<int> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

struct Unit {
  std::string_view name;
  std::int64_t value;
};

// Longest match first where one unit is the beginning of another.
constexpr Unit kTimes[] = {
    {"ns", 1},
    {"us", 1'000},
    {"\u00b5s", 1'000},
    {"\u03bcs", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
};

constexpr Unit kSizes[] = {
    {"", 1},
    {"B", 1},
    {"KB", 1'000},
    {"kB", 1'000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"TB", 1'000'000'000'000},
    {"KiB", std::int64_t{1} << 10},
    {"MiB", std::int64_t{1} << 20},
    {"GiB", std::int64_t{1} << 30},
    {"TiB", std::int64_t{1} << 40},
};

std::size_t count_digits(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                  text.begin());
}

// Takes `1.5h` off the front of `text`, in integers: a double has no room for years in nanoseconds.
std::optional<std::int64_t> take_duration_part(std::string_view& text) {
  const std::string_view whole = text.substr(0, count_digits(text));
  text.remove_prefix(whole.size());
  std::string_view fraction;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    fraction = text.substr(0, count_digits(text));
    text.remove_prefix(fraction.size());
  }
  if (whole.empty() && fraction.empty())
    return std::nullopt;
  const auto* unit = std::find_if(std::begin(kTimes), std::end(kTimes),
                                  [&](const Unit& u) { return text.starts_with(u.name); });
  if (unit == std::end(kTimes))
    return std::nullopt;
  text.remove_prefix(unit->name.size());
  std::int64_t value = 0;
  if (!whole.empty()) {
    const auto number = parse_int(whole);
    if (!number || __builtin_mul_overflow(*number, unit->value, &value))
      return std::nullopt;
  }
  std::int64_t scale = unit->value;
  std::int64_t rest = 0; // of the digits behind the point, each worth a tenth of the one before
  for (const char digit : fraction) {
    if (scale < 10)
      break;
    rest += (digit - '0') * (scale / 10);
    scale /= 10;
  }
  if (__builtin_add_overflow(value, rest, &value))
    return std::nullopt;
  return value;
}

std::string two_digits(std::int64_t value) { return value < 10 ? cat('0', value) : cat(value); }

} // namespace

std::string join(std::span<const std::string> items, std::string_view separator) {
  std::string out;
  for (const std::string& item : items) {
    if (&item != items.data())
      out += separator;
    out += item;
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t at = text.find(separator);
    pieces.push_back(text.substr(0, at));
    if (at == std::string_view::npos)
      return pieces;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

bool is_identifier(std::string_view text) {
  const auto starts = [](char c) {
    return is_letter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  };
  return !text.empty() && starts(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return starts(c) || is_digit(c); });
}

std::optional<std::string_view>
nearest(std::string_view wanted, std::span<const std::string_view> candidates, int max_distance) {
  // A word of which every character would have to change is no likely mistake for anything.
  int limit =
      std::min(max_distance, static_cast<int>(std::min<std::size_t>(wanted.size(), 64)) - 1);
  std::optional<std::string_view> best;
  if (wanted.size() > 64)
    return best;
  // Of equally near ones the one that begins as the word does: letters are left out at its end.
  std::size_t same = 0;
  for (const std::string_view candidate : candidates) {
    const auto difference = static_cast<int>(candidate.size()) - static_cast<int>(wanted.size());
    if (std::abs(difference) > limit)
      continue;
    const int distance = edit_distance(wanted, candidate);
    if (distance > limit)
      continue;
    const auto begin = std::ranges::mismatch(wanted, candidate).in1 - wanted.begin();
    const auto common = static_cast<std::size_t>(begin);
    if (best && distance == limit && common <= same)
      continue;
    best = candidate;
    limit = distance;
    same = common;
  }
  return best;
}

std::string plural(std::int64_t count, std::string_view noun) {
  if (count == 1)
    return cat(count, ' ', noun);
  const bool hissing =
      noun.ends_with('s') || noun.ends_with('x') || noun.ends_with("ch") || noun.ends_with("sh");
  const bool y = noun.size() > 1 && noun.ends_with('y') &&
                 std::string_view("aeiou").find(noun[noun.size() - 2]) == std::string_view::npos;
  if (y)
    return cat(count, ' ', noun.substr(0, noun.size() - 1), "ies");
  return cat(count, ' ', noun, hissing ? "es" : "s");
}

std::optional<std::int64_t> parse_int(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (text.starts_with('+'))
    text.remove_prefix(1);
  if (text.size() <= (negative ? 1u : 0u) || !is_digit(text[negative ? 1 : 0]))
    return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::optional<double> parse_float(std::string_view text) {
  const std::string_view digits =
      text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
  if (text.starts_with('+'))
    text.remove_prefix(1);
  if (digits.empty() || !(is_digit(digits.front()) || digits.front() == '.'))
    return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::string float_text(double value) {
  if (value == 0)
    return "0";                 // and -0
  std::array<char, 400> buffer; // 309 digits before the point, or 1 and 324 places behind it
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return {buffer.data(), end.ptr};
}

std::optional<std::int64_t> parse_duration_ns(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+'))
    text.remove_prefix(1);
  if (text.empty())
    return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto part = take_duration_part(text);
    if (!part || __builtin_add_overflow(total, *part, &total))
      return std::nullopt;
  }
  return negative ? -total : total;
}

std::string duration_text(std::int64_t nanoseconds) {
  if (nanoseconds < 0) {
    // The one value that has no positive counterpart is rounded by a nanosecond.
    const std::int64_t positive =
        nanoseconds == std::numeric_limits<std::int64_t>::min() ? nanoseconds + 1 : nanoseconds;
    return cat('-', duration_text(-positive));
  }
  const std::int64_t us = nanoseconds / 1'000;
  if (us == 0)
    return cat(nanoseconds, "ns");
  if (us < 1'000)
    return cat(us, "\u00b5s");
  if (us < 1'000'000)
    return cat(us / 1'000, "ms");
  const std::int64_t seconds = us / 1'000'000;
  if (seconds < 60)
    return cat(seconds, '.', two_digits(us / 10'000 % 100), 's');
  if (seconds < 3'600)
    return cat(seconds / 60, 'm', two_digits(seconds % 60), 's');
  return cat(seconds / 3'600, 'h', two_digits(seconds / 60 % 60), 'm');
}

std::optional<std::uint64_t> parse_byte_count(std::string_view text) {
  const std::size_t digits = count_digits(text);
  std::uint64_t value = 0;
  const char* begin = text.data();
  const auto [end, error] = std::from_chars(begin, begin + digits, value);
  if (digits == 0 || error != std::errc{})
    return std::nullopt;
  const auto* unit = std::find_if(std::begin(kSizes), std::end(kSizes),
                                  [&](const Unit& u) { return text.substr(digits) == u.name; });
  if (unit == std::end(kSizes))
    return std::nullopt;
  if (__builtin_mul_overflow(value, static_cast<std::uint64_t>(unit->value), &value)) {
    return std::nullopt;
  }
  return value;
}

bool is_utf8(std::string_view bytes) { return find_ill_formed(bytes) == std::string_view::npos; }

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(2 * bytes.size(), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text[2 * i] = kDigits[byte >> 4];
    text[2 * i + 1] = kDigits[byte & 15];
  }
  return text;
}

std::string escape_quoted(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || (c == '$' && text.substr(i + 1, 1) == "{"))
      out += cat('\\', c);
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7F)
      out += cat("\\x", kDigits[byte >> 4], kDigits[byte & 0xF]);
    else
      out += c;
  }
  return out;
}

std::string shell_quote(std::string_view word) {
  const auto harmless = [](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view("_@%+=:,./-").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), harmless))
    return std::string(word);
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + '\'';
}

} // namespace perch::base

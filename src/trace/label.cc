#include "trace/label.h"

#include "base/text.h"
#include "base/unicode.h"

#include <algorithm>
#include <chrono>

namespace perch::trace {

using base::cat;

namespace {

constexpr std::size_t kErrorColumns = 200;

std::string record_text(const Record& record) {
  std::string out;
  for (const auto& [name, value] : record) {
    const auto* text = std::get_if<std::string>(&value);
    out += cat(out.empty() ? "" : " ", name, '=',
               text != nullptr ? *text : cat(std::get<std::int64_t>(value)));
  }
  return out;
}

/// Writes a number that is not negative, with zeros before it, and moves on.
void put_padded(char*& at, std::int64_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10)
    at[i] = static_cast<char>('0' + value % 10);
  at += width;
}

void append_visible(std::string& out, char32_t code, std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (code == '\n' || code == '\r' || code == '\t') {
    out += ' ';
  } else if (code < 0x20 || code == 0x7F) {
    out += cat("\\x", kHex[code >> 4], kHex[code & 15]);
  } else if (base::is_deceptive(code)) {
    base::append_utf8(out, base::kReplacement);
  } else {
    out += bytes;
  }
}

} // namespace

std::string painted(Paint paint, Tone tone, std::string_view text) {
  if (paint == Paint::No)
    return std::string(text);
  const std::string_view code = tone == Tone::Good  ? "\x1b[32m"
                                : tone == Tone::Bad ? "\x1b[31m"
                                                    : "\x1b[2m";
  return cat(code, text, "\x1b[0m");
}

std::string one_line(std::string_view text, std::size_t columns) {
  std::string out;
  std::size_t count = 0;
  while (!text.empty()) {
    if (count == columns)
      return out + "…";
    if (text[0] >= ' ' && text[0] < '\x7F') { // nearly all there is
      out += text[0];
      text.remove_prefix(1);
      ++count;
      continue;
    }
    const base::Decoded decoded = base::decode_utf8(text);
    if (decoded.valid)
      append_visible(out, decoded.code, text.substr(0, decoded.bytes));
    else
      base::append_utf8(out, base::kReplacement);
    text.remove_prefix(decoded.bytes);
    ++count;
  }
  return out;
}

std::size_t cells(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    if (text[0] >= ' ' && text[0] < '\x7F') {
      ++count;
      text.remove_prefix(1);
      continue;
    }
    const base::Decoded decoded = base::decode_utf8(text);
    count += static_cast<std::size_t>(base::cell_width(decoded.code));
    text.remove_prefix(decoded.bytes);
  }
  return count;
}

std::string value_text(const Field::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return cat(*number);
  if (const auto* truth = std::get_if<bool>(&value))
    return *truth ? "true" : "false";
  if (const auto* duration = std::get_if<std::chrono::nanoseconds>(&value))
    return base::duration_text(duration->count());
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value))
    return base::join(*texts, " ");
  if (const auto* record = std::get_if<Record>(&value))
    return record_text(*record);
  std::string out;
  for (const Record& record : std::get<std::vector<Record>>(value))
    out += cat(out.empty() ? "" : "; ", record_text(record));
  return out;
}

std::string utc_text(std::int64_t unix_ns) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds(unix_ns)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::string out = "YYYY-MM-DDThh:mm:ss.nnnnnnnnnZ";
  char* at = out.data();
  put_padded(at, static_cast<int>(date.year()), 4);
  put_padded(++at, static_cast<unsigned>(date.month()), 2);
  put_padded(++at, static_cast<unsigned>(date.day()), 2);
  put_padded(++at, clock.hours().count(), 2);
  put_padded(++at, clock.minutes().count(), 2);
  put_padded(++at, clock.seconds().count(), 2);
  put_padded(++at, clock.subseconds().count(), 9);
  return out;
}

const Field* main_argument(const Fields& args) { return args.empty() ? nullptr : &args.front(); }

std::string error_text(const Error& error) {
  return one_line(cat(error.kind, ": ", error.message), kErrorColumns);
}

} // namespace perch::trace

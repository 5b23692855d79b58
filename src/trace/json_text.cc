#include "trace/json_text.h"

#include "base/text.h"
#include "base/unicode.h"

#include <array>

namespace perch::trace {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

/// Which ASCII characters are escaped: `<` only where the text stands in a page.
constexpr std::array<bool, 128> kSpecial = [] {
  std::array<bool, 128> special{};
  for (std::size_t c = 0; c < special.size(); ++c)
    special[c] = c < 0x20 || c == '"' || c == '\\' || c == 0x7F || c == '<';
  return special;
}();

void append_escaped(std::string& out, unsigned char c) {
  switch (c) {
  case '"':
  case '\\':
    out += '\\';
    out += static_cast<char>(c);
    return;
  case '\n':
    out += "\\n";
    return;
  case '\r':
    out += "\\r";
    return;
  case '\t':
    out += "\\t";
    return;
  default:
    out += "\\u00";
    out += kHex[c >> 4];
    out += kHex[c & 15];
  }
}

} // namespace

void JsonText::separate() {
  if (!first_)
    text_ += ',';
  first_ = false;
}

void JsonText::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
}

void JsonText::close(char bracket) {
  text_ += bracket;
  first_ = false;
}

void JsonText::key(std::string_view name) {
  text_.append(first_ ? "\"" : ",\"").append(name).append("\":");
  first_ = true;
}

void JsonText::raw(std::string_view json) {
  separate();
  text_ += json;
}

void JsonText::value(std::string_view text) {
  text_.append(first_ ? "\"" : ",\"");
  first_ = false;
  std::size_t plain = 0; // from here on nothing has been copied yet
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x80) {
      const base::Decoded decoded = base::decode_utf8(text.substr(at));
      if (!decoded.valid) {
        text_.append(text, plain, at - plain);
        base::append_utf8(text_, base::kReplacement);
        replaced_bytes_ = true;
        plain = at + decoded.bytes;
      }
      at += decoded.bytes;
      continue;
    }
    if (kSpecial[c] && (c != '<' || html_ == Html::Safe)) {
      text_.append(text, plain, at - plain);
      append_escaped(text_, c);
      plain = at + 1;
    }
    ++at;
  }
  text_.append(text, plain, text.size() - plain);
  text_ += '"';
}

void JsonText::value(std::int64_t number) {
  separate();
  base::detail::append(text_, number);
}

void JsonText::value(bool truth) {
  separate();
  text_ += truth ? "true" : "false";
}

void JsonText::milliseconds(std::int64_t ns) {
  separate();
  const std::int64_t us = std::max<std::int64_t>(0, ns) / 1'000;
  base::detail::append(text_, us / 1'000);
  text_ += '.';
  for (const std::int64_t digit : {us / 100 % 10, us / 10 % 10, us % 10})
    text_ += static_cast<char>('0' + digit);
}

void JsonText::value(const Record& record) {
  begin_object();
  for (const auto& [name, what] : record) {
    key(name);
    if (const auto* text = std::get_if<std::string>(&what))
      value(std::string_view(*text));
    else
      value(std::get<std::int64_t>(what));
  }
  end_object();
}

void JsonText::field(const Field& field) {
  if (const auto* duration = std::get_if<std::chrono::nanoseconds>(&field.value)) {
    key(base::cat(field.name, "_ms"));
    milliseconds(duration->count());
    return;
  }
  key(field.name);
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    value(std::string_view(*text));
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    value(*number);
  } else if (const auto* truth = std::get_if<bool>(&field.value)) {
    value(*truth);
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&field.value)) {
    begin_array();
    for (const std::string& each : *texts)
      value(std::string_view(each));
    end_array();
  } else if (const auto* record = std::get_if<Record>(&field.value)) {
    value(*record);
  } else {
    begin_array();
    for (const Record& each : std::get<std::vector<Record>>(field.value))
      value(each);
    end_array();
  }
}

} // namespace perch::trace

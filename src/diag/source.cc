#include "diag/source.h"

#include "base/result.h"
#include "base/text.h"
#include "base/unicode.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace perch::diag {

namespace {

std::vector<std::uint32_t> find_line_starts(std::string_view text) {
  std::vector<std::uint32_t> starts{0};
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    starts.push_back(static_cast<std::uint32_t>(at + 1));
  }
  return starts;
}

std::uint32_t count_code_points(std::string_view text) {
  std::uint32_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    // ASCII is counted without decoding it: a line may have a million bytes.
    if (static_cast<unsigned char>(text[at]) < 0x80)
      ++at;
    else
      at += base::decode_utf8(text.substr(at)).bytes;
  }
  return count;
}

} // namespace

Span join(Span a, Span b) {
  if (!a.known())
    return b;
  if (!b.known())
    return a;
  return {a.source, std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

const Source& SourceMap::add(std::string path, std::string text) {
  PERCH_ASSERT(text.size() < std::numeric_limits<std::uint32_t>::max());
  Source& source = sources_.emplace_back();
  source.id = static_cast<std::uint32_t>(sources_.size() - 1);
  source.path = std::move(path);
  source.text = std::move(text);
  source.line_starts = find_line_starts(source.text);
  return source;
}

Position SourceMap::position(Span span) const {
  const Source& source = get(span.source);
  const std::uint32_t offset = std::min(span.begin, static_cast<std::uint32_t>(source.text.size()));
  const auto after = std::upper_bound(source.line_starts.begin(), source.line_starts.end(), offset);
  const auto line = static_cast<std::uint32_t>(after - source.line_starts.begin());
  const std::uint32_t start = source.line_starts[line - 1];
  const std::string_view before = std::string_view(source.text).substr(start, offset - start);
  return {line, count_code_points(before) + 1};
}

std::string_view SourceMap::line(std::uint32_t source, std::uint32_t line) const {
  const Source& of = get(source);
  if (line == 0 || line > of.line_starts.size())
    return {};
  const std::uint32_t begin = of.line_starts[line - 1];
  std::string_view text = std::string_view(of.text).substr(begin);
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r'))
    text.remove_suffix(1);
  return text;
}

std::string_view SourceMap::text(Span span) const {
  if (!span.known())
    return {};
  const std::string_view all = get(span.source).text;
  const std::size_t begin = std::min<std::size_t>(span.begin, all.size());
  return all.substr(begin, span.end > begin ? span.end - begin : 0);
}

std::string SourceMap::file_line(Span span) const {
  return base::cat(get(span.source).path, ':', position(span).line);
}

} // namespace perch::diag

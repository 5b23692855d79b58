#include "cli/test_report.h"

#include "base/text.h"
#include "base/unicode.h"
#include "sys/fs.h"

#include <algorithm>

namespace perch::cli {

namespace {

using base::cat;

std::string indented(std::string_view text) {
  std::string out;
  for (std::string_view line : base::split(text, '\n')) {
    if (!line.empty())
      out += cat("    ", line, '\n');
  }
  return out;
}

bool says_why(const TestResult& result) {
  return result.output.starts_with("error[") || result.output.contains("\nerror[");
}

/// The first line of the error it ended with.
std::string_view headline(const TestResult& result) {
  if (!says_why(result))
    return result.ending;
  const std::string_view output = result.output;
  const std::size_t begin = output.starts_with("error[") ? 0 : output.rfind("\nerror[") + 1;
  return output.substr(begin, output.find('\n', begin) - begin);
}

/// Whether XML 1.0 can hold the character.
bool is_xml(char32_t code) {
  return code >= 0x20 ? code != 0xFFFE && code != 0xFFFF : code == '\t' || code == '\n';
}

/// Text for XML 1.0: U+FFFD for bytes that are no UTF-8 and for what it cannot hold.
std::string xml(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const base::Decoded next = base::decode_utf8(text);
    if (next.code == '&')
      out += "&amp;";
    else if (next.code == '<')
      out += "&lt;";
    else if (next.code == '>')
      out += "&gt;";
    else if (next.code == '"')
      out += "&quot;";
    else
      base::append_utf8(out, next.valid && is_xml(next.code) ? next.code : base::kReplacement);
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string seconds(std::int64_t ns) {
  const std::int64_t ms = ns / 1'000'000;
  std::string fraction = cat(ms % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return cat(ms / 1000, '.', fraction);
}

} // namespace

std::string test_report(std::span<const TestResult> results, bool verbose, std::int64_t total_ns) {
  std::string out = "── perch test ─────────────────────────────────\n";
  std::size_t failed = 0;
  for (const TestResult& result : results) {
    std::string line = cat(result.passed ? "✓ " : "✗ ", result.name);
    const std::size_t cells = result.name.size() + 2;
    line.append(cells < 44 ? 44 - cells : 1, ' ');
    out += cat(line, '(', base::duration_text(result.duration_ns), ")\n");
    if (!result.passed || verbose)
      out += indented(result.output);
    // An error says itself what has happened.
    if (!result.passed && !says_why(result))
      out += indented(result.ending);
    failed += result.passed ? 0 : 1;
  }
  out += cat('\n', results.size() - failed, " passed, ", failed, " failed in ",
             base::duration_text(total_ns), ".\n");
  if (failed == 0)
    return out;
  out += "\nFailures:\n";
  for (const TestResult& result : results) {
    if (!result.passed)
      out += cat("  ", result.name, '\n');
  }
  return out;
}

Status write_junit(const Context& context, std::string_view path, std::string_view suite,
                   std::span<const TestResult> results) {
  const auto failures = std::ranges::count(results, false, &TestResult::passed);
  std::string text =
      cat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"", xml(suite),
          "\" tests=\"", results.size(), "\" failures=\"", failures, "\">\n");
  for (const TestResult& result : results) {
    text += cat("  <testcase name=\"", xml(result.name), "\" time=\"", seconds(result.duration_ns),
                "\">");
    const std::string output = xml(result.output);
    text += result.passed
                ? cat("<system-out>", output, "</system-out>")
                : cat("<failure message=\"", xml(headline(result)), "\">", output, "</failure>");
    text += "</testcase>\n";
  }
  text += "</testsuite>\n";
  if (path == "-") {
    context.out(text);
    return {};
  }
  const std::string absolute = sys::absolute_path(context.world.host.current_directory(), path);
  PERCH_TRY_ASSIGN(const sys::Spot spot, context.world.fs.locate(absolute, sys::Final::Follow));
  PERCH_TRY_ASSIGN(auto pending, context.world.fs.replace(spot, 0644));
  PERCH_TRY(pending->write(text));
  return pending->commit();
}

} // namespace perch::cli

#include "cli/diff.h"

#include "base/text.h"

#include <algorithm>
#include <vector>

namespace perch::cli {

namespace {

constexpr std::size_t kContext = 3;

struct Edit {
  char sign; // ' ', '-', '+'
  std::string_view line;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines = base::split(text, '\n');
  if (!lines.empty() && lines.back().empty())
    lines.pop_back();
  return lines;
}

/// Greedy by lines: after a difference both sides are searched for the nearest pair that agrees.
/// Layout keeps lines in order, so this finds the small differences formatting makes.
std::vector<Edit> edits(const std::vector<std::string_view>& a,
                        const std::vector<std::string_view>& b) {
  std::vector<Edit> out;
  std::size_t i = 0;
  std::size_t j = 0;
  constexpr std::size_t kWindow = 64;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      out.push_back({' ', a[i]});
      ++i, ++j;
      continue;
    }
    std::size_t skip_a = std::min(kWindow, a.size() - i);
    std::size_t skip_b = std::min(kWindow, b.size() - j);
    bool found = false;
    for (std::size_t sum = 1; sum < 2 * kWindow && !found; ++sum) {
      for (std::size_t x = 0; x <= sum && !found; ++x) {
        const std::size_t y = sum - x;
        if (i + x >= a.size() || j + y >= b.size() || a[i + x] != b[j + y])
          continue;
        skip_a = x, skip_b = y, found = true;
      }
    }
    for (std::size_t k = 0; k < skip_a; ++k)
      out.push_back({'-', a[i++]});
    for (std::size_t k = 0; k < skip_b; ++k)
      out.push_back({'+', b[j++]});
  }
  return out;
}

} // namespace

std::string unified_diff(std::string_view name, std::string_view before, std::string_view after) {
  if (before == after)
    return {};
  const std::vector<Edit> all = edits(lines_of(before), lines_of(after));
  std::string out = base::cat("--- ", name, "\n+++ ", name, " (formatted)\n");
  std::size_t line_a = 1;
  std::size_t line_b = 1;
  std::size_t at = 0;
  while (at < all.size()) {
    if (all[at].sign == ' ') {
      ++line_a, ++line_b, ++at;
      continue;
    }
    const std::size_t lead = std::min(kContext, at);
    std::size_t last = at;
    for (std::size_t k = at; k < all.size() && k <= last + 2 * kContext; ++k) {
      if (all[k].sign != ' ')
        last = k;
    }
    const std::size_t end = std::min(all.size(), last + kContext + 1);
    std::size_t count_a = 0;
    std::size_t count_b = 0;
    std::string body;
    for (std::size_t k = at - lead; k < end; ++k) {
      count_a += all[k].sign != '+' ? 1 : 0;
      count_b += all[k].sign != '-' ? 1 : 0;
      body += base::cat(all[k].sign, all[k].line, '\n');
    }
    out += base::cat("@@ -", line_a - lead, ',', count_a, " +", line_b - lead, ',', count_b,
                     " @@\n", body);
    for (; at < end; ++at) {
      line_a += all[at].sign != '+' ? 1 : 0;
      line_b += all[at].sign != '-' ? 1 : 0;
    }
  }
  return out;
}

} // namespace perch::cli

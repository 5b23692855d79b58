#include "diag/diag.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace perch::diag {

void Diags::add(Diag diag) {
  if (count(diag.severity))
    all_.push_back(std::move(diag));
}

// Counts a diagnostic and says whether there is room for it.
bool Diags::count(Severity severity) {
  std::size_t& count = severity == Severity::Error     ? errors_
                       : severity == Severity::Warning ? warnings_
                                                       : notes_;
  const bool room = ++count <= kMaxKept;
  dropped_ += room ? 0 : 1;
  return room;
}

void Diags::sort() {
  const auto key = [&](std::size_t i) {
    const Diag& diag = all_[i];
    return std::tuple(diag.severity, diag.span.source, diag.span.begin, i);
  };
  std::vector<std::size_t> order(all_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<Diag> sorted;
  sorted.reserve(all_.size());
  for (const std::size_t i : order)
    sorted.push_back(std::move(all_[i]));
  all_ = std::move(sorted);
}

} // namespace perch::diag

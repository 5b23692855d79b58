#include "diag/diag.h"

#include <algorithm>
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
  std::stable_sort(all_.begin(), all_.end(), [](const Diag& a, const Diag& b) {
    return std::tie(a.severity, a.span.source, a.span.begin) <
           std::tie(b.severity, b.span.source, b.span.begin);
  });
}

} // namespace perch::diag

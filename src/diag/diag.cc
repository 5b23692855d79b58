#include "diag/diag.h"

#include <algorithm>
#include <tuple>

namespace perch::diag {

void Diags::add(Diag diag) {
  std::size_t& count = diag.severity == Severity::Error     ? errors_
                       : diag.severity == Severity::Warning ? warnings_
                                                            : notes_;
  if (++count > kMaxKept) {
    ++dropped_;
    return;
  }
  all_.push_back(std::move(diag));
}

void Diags::sort() {
  std::stable_sort(all_.begin(), all_.end(), [](const Diag& a, const Diag& b) {
    return std::tie(a.severity, a.span.source, a.span.begin) <
           std::tie(b.severity, b.span.source, b.span.begin);
  });
}

} // namespace perch::diag

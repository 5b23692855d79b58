#include "base/error_kinds.h"
#include "run/gate_http.h"

#include <gtest/gtest.h>

namespace perch::run {

TEST(HttpTally, what_was_refused_was_not_made) {
  HttpTally tally;
  tally.count("https://a.org/", op::HttpResponse{.status = 200});
  tally.count("https://a.org/x", fail(kind::kHttpTimeout, "a.org did not answer in time"));
  tally.count("https://b.org/", fail(kind::kWasmHttpRefused, "wasm_run: not listed"));
  const HttpTally::Totals totals = tally.totals();
  EXPECT_EQ(totals.made, 2);
  ASSERT_EQ(totals.refused.size(), 1u);
  EXPECT_EQ(totals.refused[0].url, "https://b.org/");
  EXPECT_EQ(totals.refused[0].reason, "wasm_run: not listed");
}

TEST(HttpTally, a_guest_that_tries_for_ever_takes_no_memory_for_ever) {
  HttpTally tally;
  for (std::size_t i = 0; i < 2 * HttpTally::kMostRefusals; ++i)
    tally.count("https://b.org/", fail(kind::kWasmHttpRefused, "no"));
  EXPECT_EQ(tally.totals().refused.size(), HttpTally::kMostRefusals);
}

} // namespace perch::run

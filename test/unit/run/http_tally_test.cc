#include "base/error_kinds.h"
#include "run/gate_http.h"

#include <gtest/gtest.h>

namespace perch::run {
namespace {

op::HttpRequest to_b() {
  op::HttpRequest request;
  request.url = "https://b.org/";
  return request;
}

const Error kNotListed{.kind = kind::kWasmHttpRefused, .message = "wasm_run: not listed"};

TEST(HttpTally, a_request_may_have_gone_out_and_been_refused_after_that) {
  HttpTally tally;
  tally.made();
  tally.made();
  tally.refused(to_b(), kNotListed, 0);
  const HttpTally::Totals totals = tally.totals();
  EXPECT_EQ(totals.made, 2);
  ASSERT_EQ(totals.refused.size(), 1u);
  EXPECT_EQ(totals.refused[0].url, "https://b.org/");
  EXPECT_EQ(totals.refused[0].reason, "wasm_run: not listed");
}

TEST(HttpTally, a_guest_that_tries_for_ever_takes_no_memory_for_ever) {
  std::size_t told = 0;
  HttpTally tally([&](const op::HttpRequest&, const Error&, std::int64_t) { ++told; });
  for (std::size_t i = 0; i < 2 * HttpTally::kMostRefusals; ++i)
    tally.refused(to_b(), kNotListed, 0);
  EXPECT_EQ(tally.totals().refused.size(), HttpTally::kMostRefusals);
  EXPECT_EQ(told, HttpTally::kMostRefusals);
}

} // namespace
} // namespace perch::run

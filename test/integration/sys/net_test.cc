#include "base/error_kinds.h"
#include "support/http_server.h"
#include "sys/net.h"
#include "sys/processes.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace perch::sys {
namespace {

constexpr Address kLoopback{.data = {127, 0, 0, 1}};

class NetTest : public testing::Test {
protected:
  std::unique_ptr<Net> net = real_net();
  std::shared_ptr<CancelToken> cancel = CancelToken::root();
};

TEST_F(NetTest, localhost_has_the_loopback_address) {
  const auto found = net->resolve("localhost", *cancel);
  ASSERT_TRUE(found) << found.error().message;
  const bool has_loopback = std::ranges::any_of(*found, [](const Address& address) {
    return address.v6 ? address.data[15] == 1 : address == kLoopback;
  });
  EXPECT_TRUE(has_loopback);
}

TEST_F(NetTest, a_name_that_cannot_exist_is_not_found) {
  const auto found = net->resolve("no-such-host.invalid", *cancel);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, kind::kDnsFailed);
}

TEST_F(NetTest, a_stopped_run_does_not_wait_for_the_resolver) {
  cancel->stop(StopReason::Client);
  const auto found = net->resolve("localhost", *cancel);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().kind, kind::kDnsFailed);
}

TEST_F(NetTest, a_port_is_open_while_somebody_listens) {
  int port = 0;
  {
    const test::HttpServer server([](const std::string&) { return std::string(); });
    port = server.port();
    EXPECT_TRUE(net->connects(kLoopback, port, std::chrono::seconds(5), *cancel).value());
    EXPECT_EQ(net->free_port(port).value(), std::nullopt);
  }
  EXPECT_FALSE(net->connects(kLoopback, port, std::chrono::seconds(5), *cancel).value());
}

TEST_F(NetTest, a_free_port_can_be_listened_on) {
  const auto port = net->free_port(0).value();
  ASSERT_TRUE(port.has_value());
  EXPECT_GT(*port, 0);
  EXPECT_EQ(net->free_port(*port).value(), port);
}

TEST_F(NetTest, the_loopback_interface_is_up) {
  const auto found = net->interfaces();
  ASSERT_TRUE(found);
  EXPECT_NE(std::ranges::find(found->up, "lo"), found->up.end());
}

TEST(Processes, perch_itself_does_not_count) {
  EXPECT_FALSE(runs_elsewhere("no-such-program-anywhere").value());
  EXPECT_FALSE(runs_elsewhere("").value());
}

} // namespace
} // namespace perch::sys

#include "op_fixture.h"

namespace perch::ops {
namespace {

using NetworkOps = Ops;

TEST_F(NetworkOps, dns_lookup_lists_addresses) {
  world.addresses["jam.example"] = {"192.0.2.1", "2001:db8::1"};
  EXPECT_EQ(items("dns_lookup", {"jam.example"}), (Items{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(kind("dns_lookup", {"nowhere.example"}), kind::kDnsFailed);
}

TEST_F(NetworkOps, port_check_connects) {
  world.listening = {"localhost:5432", "::1:80"};
  EXPECT_EQ(text("port_check", {"localhost", 5432}), "true");
  EXPECT_EQ(text("port_check", {"localhost", 5433}), "false");
  EXPECT_EQ(text("port_check", {"::1", 80}), "true");
}

TEST_F(NetworkOps, ports_are_numbers_that_exist) {
  for (const char* port : {"0", "65536", "-1"}) {
    EXPECT_EQ(kind("port_check", {"localhost", port}), kind::kBadArgument) << port;
    EXPECT_EQ(kind("port_free", {port}), kind::kBadArgument) << port;
    EXPECT_EQ(kind("wait_for_port", {"localhost", port}), kind::kBadArgument) << port;
  }
  EXPECT_EQ(kind("port_free", {"http"}), kind::kBadArgument);
}

TEST_F(NetworkOps, free_ports_can_be_asked_for) {
  world.taken_ports = {8080};
  EXPECT_EQ(text("port_free", {8080}), "false");
  EXPECT_EQ(text("port_free", {8081}), "true");
  EXPECT_EQ(text("find_free_port", {}), "49152");
}

TEST_F(NetworkOps, wait_for_port_gives_up_when_the_time_is_over) {
  EXPECT_EQ(text("wait_for_port", {"localhost", 1, "2s"}), "false");
  EXPECT_EQ(world.slept_ns, 2'000'000'000);
  world.slept_ns = 0;
  EXPECT_EQ(text("wait_for_port", {"localhost", 1}), "false");
  EXPECT_EQ(world.slept_ns, 30'000'000'000);
}

TEST_F(NetworkOps, wait_for_port_asks_at_least_once) {
  world.listening = {"localhost:5432"};
  EXPECT_EQ(text("wait_for_port", {"localhost", 5432, "0"}), "true");
  EXPECT_EQ(text("wait_for_port", {"localhost", 1, "0"}), "false");
  EXPECT_EQ(world.slept_ns, 0);
}

TEST_F(NetworkOps, wait_for_url_wants_a_good_status) {
  world.pages["GET http://localhost/ok"] = {.status = 204, .body = {}};
  world.pages["GET http://localhost/busy"] = {.status = 503, .body = {}};
  EXPECT_EQ(text("wait_for_url", {"http://localhost/ok"}), "true");
  EXPECT_EQ(text("wait_for_url", {"http://localhost/busy", "1s"}), "false");
  EXPECT_EQ(world.slept_ns, 1'000'000'000);
  EXPECT_EQ(text("wait_for_url", {"http://nowhere/", "1s"}), "false");
}

TEST_F(NetworkOps, a_refusal_is_not_waited_for) {
  world.pages["GET http://secret/"] = {
      .body = {}, .error = fail(kind::kHostNotDeclared, "no", "secret").error()};
  EXPECT_EQ(kind("wait_for_url", {"http://secret/"}), kind::kHostNotDeclared);
  world.denied = {op::Cap::Net};
  EXPECT_EQ(kind("wait_for_port", {"localhost", 80}), kind::kCapabilityDenied);
  EXPECT_EQ(world.slept_ns, 0);
}

TEST_F(NetworkOps, waiting_ends_with_the_run) {
  world.stops_after = 2;
  EXPECT_EQ(kind("wait_for_port", {"localhost", 1}), kind::kTimeoutExceeded);
}

TEST_F(NetworkOps, the_local_network_is_described) {
  world.network = {.interfaces = {"lo", "eth0"}, .address = "192.0.2.7"};
  EXPECT_EQ(text("local_ip", {}), "192.0.2.7");
  EXPECT_EQ(items("interfaces", {}), (Items{"lo", "eth0"}));
  world.network = {};
  EXPECT_EQ(text("local_ip", {}), "");
}

} // namespace
} // namespace perch::ops

#include "gate_fixture.h"
#include "policy/addresses.h"
#include "run/gate_http.h"
#include "run/gate_net.h"
#include "sys/http.h"
#include "sys/net.h"

#include <functional>

namespace perch::run {
namespace {

constexpr Actor kActor{.name = "http_get"};

/// Names out of a table; each use is counted, so that a second lookup shows.
class TableNet final : public sys::Net {
public:
  std::map<std::string, std::vector<std::string>, std::less<>> table;
  std::vector<std::string> asked;

  Result<std::vector<sys::Address>> resolve(std::string_view host,
                                            sys::CancelToken& cancel) override {
    PERCH_TRY(cancel.check());
    asked.emplace_back(host);
    const auto found = table.find(host);
    if (found == table.end())
      return fail(kind::kDnsFailed, "no such name", std::string(host));
    std::vector<sys::Address> out;
    for (const std::string& text : found->second) {
      const auto ip = policy::parse_ip(text);
      EXPECT_TRUE(ip) << text;
      out.push_back({.data = ip->data, .v6 = ip->v6});
    }
    return out;
  }
  Result<bool> connects(const sys::Address& address, int port, std::chrono::nanoseconds,
                        sys::CancelToken&) override {
    return policy::ip_text({.data = address.data, .v6 = address.v6}) + ":" + std::to_string(port) ==
           listening;
  }
  Result<std::optional<int>> free_port(int port) override { return port == 0 ? 4711 : port; }
  Result<sys::Interfaces> interfaces() override { return sys::Interfaces{.up = {"lo"}}; }
  std::string listening;
};

/// Answers out of a table by "METHOD URL"; keeps what went out.
class TableTransport final : public sys::HttpTransport {
public:
  std::map<std::string, sys::HttpReply> table;
  std::vector<std::string> sent; ///< "METHOD URL -> addresses"
  std::vector<sys::HttpExchange> exchanges;
  std::function<void()> meanwhile; ///< what happens during an exchange

  Result<sys::HttpReply> exchange(const sys::HttpExchange& exchange, sys::CancelToken&) override {
    std::string line = exchange.method + " " + exchange.url + " ->";
    for (const sys::Address& address : exchange.addresses)
      line += " " + policy::ip_text({.data = address.data, .v6 = address.v6});
    sent.push_back(line + exchange.proxy);
    exchanges.push_back(exchange);
    if (meanwhile)
      meanwhile();
    const auto found = table.find(exchange.method + " " + exchange.url);
    if (found == table.end())
      return sys::HttpReply{.status = 404};
    return found->second;
  }
};

class GateHttpTest : public GateTest {
protected:
  GateHttpTest() {
    world->net = &net;
    world->http = &transport;
    net.table = {{"x.org", {"93.184.216.34"}},
                 {"y.org", {"8.8.8.8", "2606:4700::1111"}},
                 {"inner.org", {"10.0.0.1"}},
                 {"mixed.org", {"93.184.216.34", "127.0.0.1"}},
                 {"localhost", {"127.0.0.1", "::1"}}};
    transport.table["GET https://x.org/"] = {.status = 200, .body = "hello"};
  }
  void redirect(const std::string& from, const std::string& to, int status = 302) {
    transport.table[from] = {.status = status, .headers = {{"location", to}}};
  }
  std::string get(const std::string& url) {
    const auto response = fetch(gate(), scope(), kActor, {.url = url});
    return response ? std::to_string(response->status) + " " + response->body
                    : std::string(response.error().kind);
  }
  std::string guest_get(std::vector<std::string> hosts, const std::string& url) {
    const lane::HttpBroker broker =
        http_broker(gate(), scope(), {.name = "wasm_run"}, std::move(hosts));
    const auto response = broker({.url = url}, cancel);
    return response ? std::to_string(response->status) : std::string(response.error().kind);
  }

  TableNet net;
  TableTransport transport;
};

TEST_F(GateHttpTest, a_request_goes_to_the_addresses_that_were_vetted_and_no_others) {
  EXPECT_EQ(get("https://x.org"), "200 hello");
  EXPECT_EQ(transport.sent, std::vector<std::string>{"GET https://x.org/ -> 93.184.216.34"});
  EXPECT_EQ(net.asked, std::vector<std::string>{"x.org"}); // no second lookup to rebind
}

TEST_F(GateHttpTest, an_error_status_is_no_error) { EXPECT_EQ(get("https://x.org/none"), "404 "); }

TEST_F(GateHttpTest, hosts_must_be_declared) {
  push_requires({.hosts = {"x.org"}});
  EXPECT_EQ(get("https://x.org"), "200 hello");
  EXPECT_EQ(get("https://X.ORG."), "200 hello");
  for (const char* url : {"https://y.org", "https://x.org.evil.net", "https://a.x.org"})
    EXPECT_EQ(get(url), kind::kHostNotDeclared) << url;
  EXPECT_EQ(transport.sent.size(), 2u);
}

TEST_F(GateHttpTest, every_hop_must_be_declared) {
  push_flags({.allow_host = {{"x.org"}}});
  redirect("GET https://x.org/go", "https://y.org/secret");
  EXPECT_EQ(get("https://x.org/go"), kind::kCapabilityDenied);
  EXPECT_EQ(transport.sent.size(), 1u);
  EXPECT_EQ(sink.lines(), std::vector<std::string>{"deny net y.org by --allow-host"});
}

TEST_F(GateHttpTest, ports_count) {
  push_flags({.allow_host = {{"x.org:443"}}});
  EXPECT_EQ(get("https://x.org"), "200 hello");
  EXPECT_EQ(get("http://x.org"), kind::kCapabilityDenied);
  EXPECT_EQ(get("https://x.org:8443"), kind::kCapabilityDenied);
}

TEST_F(GateHttpTest, addresses_that_are_not_public_are_refused_before_anything_is_sent) {
  for (const char* url :
       {"http://inner.org", "http://mixed.org", "http://localhost:8080", "http://127.0.0.1",
        "http://169.254.169.254/latest/meta-data", "http://[::1]", "http://[::ffff:127.0.0.1]",
        "http://[64:ff9b::7f00:1]", "http://0.0.0.0", "http://100.64.0.1", "http://198.18.0.1",
        "http://[fd00::1]", "http://[fe80::1]", "http://255.255.255.255"})
    EXPECT_EQ(get(url), kind::kHttpSsrfBlocked) << url;
  EXPECT_TRUE(transport.sent.empty());
  const auto response = fetch(gate(), scope(), kActor, {.url = "http://inner.org"});
  EXPECT_EQ(response.error().message, "http_get may not reach inner.org, which is 10.0.0.1: that "
                                      "address is not a public one (private)");
  EXPECT_EQ(response.error().help, "to allow it, run with --allow-private-ips");
  EXPECT_EQ(sink.lines().back(), "deny net inner.org:80 by public addresses only (private)");
}

TEST_F(GateHttpTest, a_redirect_to_a_private_address_is_refused) {
  redirect("GET https://x.org/go", "https://inner.org/");
  redirect("GET https://x.org/ip", "https://169.254.169.254/");
  EXPECT_EQ(get("https://x.org/go"), kind::kHttpSsrfBlocked);
  EXPECT_EQ(get("https://x.org/ip"), kind::kHttpSsrfBlocked);
  EXPECT_EQ(transport.sent.size(), 2u);
}

TEST_F(GateHttpTest, private_addresses_can_be_allowed) {
  setup.http.allow_private_ips = true;
  EXPECT_EQ(get("http://localhost:8080/x"), "404 ");
  EXPECT_EQ(transport.sent,
            std::vector<std::string>{"GET http://localhost:8080/x -> 127.0.0.1 ::1"});
}

TEST_F(GateHttpTest, a_step_down_from_https_is_refused_unless_allowed) {
  redirect("GET https://x.org/go", "http://x.org/");
  EXPECT_EQ(get("https://x.org/go"), kind::kHttpRedirectRefused);
  EXPECT_EQ(transport.sent.size(), 1u);
  end_run();
  setup.http.allow_scheme_downgrade = true;
  EXPECT_EQ(get("https://x.org/go"), "404 ");
}

TEST_F(GateHttpTest, as_many_redirects_are_followed_as_the_rule_says) {
  for (int i = 0; i < 10; ++i)
    redirect("GET https://x.org/" + std::to_string(i), "/" + std::to_string(i + 1));
  transport.table["GET https://x.org/5"] = {.status = 200, .body = "end"};
  EXPECT_EQ(get("https://x.org/0"), "200 end"); // five
  transport.table["GET https://x.org/5"] = transport.table["GET https://x.org/9"];
  EXPECT_EQ(get("https://x.org/0"), kind::kHttpRedirectRefused);
  end_run();
  setup.http.max_redirects = 0;
  EXPECT_EQ(get("https://x.org/0"), kind::kHttpRedirectRefused);
  end_run();
  setup.http.max_redirects = 1;
  transport.table["GET https://x.org/1"] = {.status = 200, .body = "one"};
  EXPECT_EQ(get("https://x.org/0"), "200 one");
}

TEST_F(GateHttpTest, a_redirect_to_no_usable_url_is_refused) {
  for (const char* target :
       {"file:///etc/passwd", "https://user@x.org/", "https://127.1/", "ftp://x"}) {
    redirect("GET https://x.org/go", target);
    EXPECT_EQ(get("https://x.org/go"), kind::kHttpRedirectRefused) << target;
  }
}

TEST_F(GateHttpTest, names_without_address_have_a_kind_of_their_own) {
  EXPECT_EQ(get("https://none.org"), kind::kHttpDnsFailed);
  EXPECT_EQ(get("https://x.org:99999"), kind::kBadArgument);
}

TEST_F(GateHttpTest, the_environments_proxies_are_used_only_when_allowed) {
  env.table["https_proxy"] = "http://127.0.0.1:3128";
  EXPECT_EQ(get("https://x.org"), "200 hello");
  EXPECT_EQ(transport.exchanges.back().proxy, "");
  end_run();
  setup.http.allow_proxy = true;
  EXPECT_EQ(get("https://x.org"), "200 hello");
  EXPECT_EQ(transport.exchanges.back().proxy, "http://127.0.0.1:3128");
  EXPECT_EQ(get("https://127.0.0.1/"), kind::kHttpSsrfBlocked);
}

TEST_F(GateHttpTest, one_deadline_spans_all_hops) {
  redirect("GET https://x.org/go", "/on");
  ASSERT_TRUE(fetch(gate(), scope(), kActor,
                    {.url = "https://x.org/go", .timeout = std::chrono::seconds(9)}));
  ASSERT_EQ(transport.exchanges.size(), 2u);
  EXPECT_LE(transport.exchanges[0].timeout, std::chrono::seconds(9));
  EXPECT_LE(transport.exchanges[1].timeout, transport.exchanges[0].timeout);
  EXPECT_EQ(kind_of(fetch(gate(), scope(), kActor, {.url = "https://x.org/", .timeout = {}})),
            kind::kHttpTimeout);
}

// ---- guests -----------------------------------------------------------------------------------

TEST_F(GateHttpTest, a_guest_reaches_what_its_block_lists_and_nothing_else) {
  push_requires({}); // does not bound a guest
  EXPECT_EQ(guest_get({}, "https://x.org"), kind::kWasmHttpRefused);
  EXPECT_EQ(guest_get({"y.org"}, "https://x.org"), kind::kWasmHttpRefused);
  EXPECT_EQ(guest_get({"y.org", "x.org"}, "https://x.org"), "200");
  EXPECT_EQ(guest_get({"x.org:8443"}, "https://x.org"), kind::kWasmHttpRefused);
  EXPECT_EQ(guest_get({"*.org"}, "https://x.org"), "200");
  EXPECT_EQ(transport.sent.size(), 2u);
}

TEST_F(GateHttpTest, a_guests_list_and_the_flags_are_both_needed) {
  push_flags({.allow_host = {{"y.org"}}});
  EXPECT_EQ(guest_get({"x.org"}, "https://x.org"), kind::kWasmHttpRefused);
  EXPECT_EQ(guest_get({"x.org", "y.org"}, "https://y.org"), "404");
  push_sandbox("no_network");
  EXPECT_EQ(guest_get({"x.org", "y.org"}, "https://y.org"), kind::kWasmHttpRefused);
}

TEST_F(GateHttpTest, a_guest_cannot_reach_the_metadata_service_or_be_led_there) {
  redirect("GET https://x.org/go", "https://169.254.169.254/");
  redirect("GET https://x.org/off", "https://y.org/");
  EXPECT_EQ(guest_get({"169.254.169.254"}, "http://169.254.169.254/"), kind::kWasmHttpRefused);
  EXPECT_EQ(guest_get({"*"}, "https://x.org/go"), kind::kWasmHttpRefused);
  EXPECT_EQ(guest_get({"x.org"}, "https://x.org/off"), kind::kWasmHttpRefused);
  EXPECT_EQ(guest_get({"*"}, "https://user@x.org/"), kind::kWasmHttpRefused);
  EXPECT_EQ(sink.lines(), (std::vector<std::string>{
                              "deny net 169.254.169.254:80 by public addresses only (link-local)",
                              "deny net 169.254.169.254:443 by public addresses only (link-local)",
                              "deny net y.org:443 by wasm_allow_host"}));
}

TEST_F(GateHttpTest, a_denial_tells_an_address_from_its_port) {
  EXPECT_EQ(guest_get({"[::2]"}, "http://[::2]/"), kind::kWasmHttpRefused);
  EXPECT_EQ(guest_get({"x.org"}, "http://[::3]:81/"), kind::kWasmHttpRefused);
  EXPECT_EQ(sink.lines(),
            (std::vector<std::string>{"deny net [::2]:80 by public addresses only (reserved)",
                                      "deny net [::3]:81 by wasm_allow_host"}));
}

TEST_F(GateHttpTest, a_tally_tells_what_went_out_from_what_was_refused) {
  redirect("GET https://x.org/go", "https://y.org/");
  const auto tally = std::make_shared<HttpTally>();
  const lane::HttpBroker broker =
      http_broker(gate(), scope(), {.name = "wasm_run"}, {"x.org", "gone.org"}, tally);
  const auto ask = [&](std::string url) {
    const auto response = broker({.url = std::move(url)}, cancel);
    return response ? std::string("answered") : std::string(response.error().kind);
  };
  EXPECT_EQ(ask("https://x.org/"), "answered");
  EXPECT_EQ(tally->totals().made, 1);
  EXPECT_EQ(ask("https://y.org/"), kind::kWasmHttpRefused);
  EXPECT_EQ(ask("https://gone.org/"), kind::kWasmHttpRefused); // no such name
  EXPECT_EQ(tally->totals().made, 1);
  EXPECT_EQ(ask("https://x.org/go"), kind::kWasmHttpRefused); // its redirect is not listed
  EXPECT_EQ(tally->totals().made, 2);
  EXPECT_EQ(tally->totals().refused.size(), 3u);
  const auto stopped = cancel->child();
  stopped->stop(sys::StopReason::Client);
  EXPECT_FALSE(broker({.url = "https://gone.org/"}, stopped));
  EXPECT_EQ(tally->totals().refused.size(), 3u);
}

TEST_F(GateHttpTest, a_refusal_is_told_with_the_time_that_the_request_took) {
  constexpr std::int64_t kTime = 2'000'000;
  redirect("GET https://x.org/go", "https://y.org/");
  transport.meanwhile = [&] {
    const std::int64_t end = clock->steady_ns() + kTime;
    while (clock->steady_ns() < end) {
    }
  };
  std::int64_t told = 0;
  const auto tally = std::make_shared<HttpTally>(
      [&](const op::HttpRequest&, const Error&, std::int64_t took_ns) { told = took_ns; });
  const lane::HttpBroker broker =
      http_broker(gate(), scope(), {.name = "wasm_run"}, {"x.org"}, tally);
  EXPECT_FALSE(broker({.url = "https://x.org/go"}, cancel));
  EXPECT_GE(told, kTime);
}

TEST_F(GateHttpTest, a_broker_outlives_the_scope_it_was_made_in) {
  lane::HttpBroker broker;
  {
    const policy::Policy short_lived = policy;
    const std::string place = directory;
    const EnvOverlay vars;
    const auto token = cancel->child();
    broker = http_broker(gate(),
                         {.policy = short_lived, .directory = place, .env = vars, .cancel = token},
                         {.name = "wasm_run"}, {"x.org"});
  }
  EXPECT_TRUE(broker({.url = "https://x.org"}, cancel));
}

// ---- the rest of the network ------------------------------------------------------------------

TEST_F(GateHttpTest, questions_about_hosts_ask_the_policy) {
  net.listening = "127.0.0.1:5432";
  EXPECT_EQ(resolve(gate(), scope(), kActor, "Y.org").value(),
            (std::vector<std::string>{"8.8.8.8", "2606:4700::1111"}));
  EXPECT_EQ(kind_of(resolve(gate(), scope(), kActor, "none.org")), kind::kDnsFailed);
  EXPECT_TRUE(
      connects(gate(), scope(), kActor, "localhost", 5432, std::chrono::seconds(1)).value());
  EXPECT_FALSE(connects(gate(), scope(), kActor, "none.org", 1, std::chrono::seconds(1)).value());
  EXPECT_EQ(kind_of(connects(gate(), scope(), kActor, "x.org", 0, {})), kind::kBadArgument);
  push_requires({.hosts = {"y.org:443"}});
  EXPECT_TRUE(resolve(gate(), scope(), kActor, "y.org"));
  EXPECT_EQ(kind_of(resolve(gate(), scope(), kActor, "x.org")), kind::kHostNotDeclared);
  EXPECT_EQ(kind_of(connects(gate(), scope(), kActor, "y.org", 80, {})), kind::kHostNotDeclared);
  EXPECT_EQ(kind_of(may_reach(gate(), scope(), kActor, "127.1", 80)), kind::kBadArgument);
}

TEST_F(GateHttpTest, the_network_as_such_needs_any_host) {
  EXPECT_EQ(free_port(gate(), scope(), kActor, 0).value(), 4711);
  push_requires({.hosts = {"x.org"}});
  EXPECT_TRUE(local_network(gate(), scope(), kActor));
  push_requires({});
  EXPECT_EQ(kind_of(free_port(gate(), scope(), kActor, 0)), kind::kHostNotDeclared);
  EXPECT_EQ(kind_of(local_network(gate(), scope(), kActor)), kind::kHostNotDeclared);
}

TEST_F(GateHttpTest, a_question_about_a_process_asks_for_its_program) {
  EXPECT_FALSE(process_runs(gate(), scope(), kActor, "no-such-program-anywhere").value());
  push_flags({.no_subprocess = true});
  EXPECT_EQ(kind_of(process_runs(gate(), scope(), kActor, "git")), kind::kCapabilityDenied);
}

TEST_F(GateHttpTest, without_a_network_there_is_an_error_and_no_crash) {
  world->net = nullptr;
  world->http = nullptr;
  EXPECT_EQ(get("https://x.org"), kind::kHttpError);
  EXPECT_EQ(kind_of(resolve(gate(), scope(), kActor, "x.org")), kind::kDnsFailed);
}

} // namespace
} // namespace perch::run

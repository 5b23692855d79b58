#include "policy/layers.h"
#include "run/gate_confine.h"

#include <gtest/gtest.h>

namespace perch::run {
namespace {

policy::Policy stacked(const std::vector<policy::Layer>& layers) {
  policy::Policy out;
  for (const policy::Layer& layer : layers)
    out = out.with(std::make_shared<const policy::Layer>(layer));
  return out;
}

policy::Layer box(std::string words) {
  return *policy::sandbox_layer(std::span(&words, 1), "/w", "sandbox");
}

std::string dump(const lane::Confinement& c) {
  std::string out = c.no_network ? "no-net" : "net";
  if (!c.limit_files)
    return out + " files";
  out += " read:";
  for (const std::string& root : c.read_roots)
    out += root + ",";
  out += " write:";
  for (const std::string& root : c.write_roots)
    out += root + ",";
  return out;
}

std::string confined(const std::vector<policy::Layer>& layers, bool allow_network = false,
                     std::string_view program = "") {
  return dump(confinement(stacked(layers), allow_network, program));
}

TEST(Confinement, without_a_restricting_layer_there_is_none) {
  EXPECT_FALSE(confinement({}, false, "/bin/x").any());
  EXPECT_EQ(confined({box("no_env,no_wasm,bin=git")}), "net files");
}

TEST(Confinement, closing_words_close) {
  EXPECT_EQ(confined({box("no_network")}), "no-net files");
  EXPECT_EQ(confined({box("no_write")}), "net read:/, write:");
  EXPECT_EQ(confined({box("no_read")}), "net read: write:/,");
}

TEST(Confinement, roots_of_several_layers_are_intersected) {
  EXPECT_EQ(confined({box("write=/w"), box("write=/w/out,write=/tmp")}),
            "net read:/, write:/w/out,");
  EXPECT_EQ(confined({box("write=/w/out"), box("write=/w")}), "net read:/, write:/w/out,");
  EXPECT_EQ(confined({box("write=/a"), box("write=/b")}), "net read:/, write:");
  EXPECT_EQ(confined({box("write=/a"), box("no_write")}), "net read:/, write:");
  EXPECT_EQ(confined({box("write=/a"), box("write=/a")}), "net read:/, write:/a,");
}

TEST(Confinement, roots_that_may_be_written_may_be_read_as_perch_itself_may) {
  EXPECT_EQ(confined({box("read=/src,write=/out")}), "net read:/src,/out, write:/out,");
}

TEST(Confinement, a_list_of_hosts_leaves_a_child_no_network_unless_allowed) {
  EXPECT_EQ(confined({box("host=x.org")}), "no-net files");
  EXPECT_EQ(confined({box("host=x.org")}, true), "net files");
  EXPECT_EQ(confined({box("no_network")}, true), "no-net files");
  policy::FlagRules rules{.allow_host = {{"x.org"}}, .allow_child_network = true, .directory = "/"};
  EXPECT_EQ(confined(*policy::flag_layers(rules)), "net files");
}

TEST(Confinement, requires_confines_by_its_roots_and_only_when_it_says_so) {
  policy::RequiresRules rules{.hosts = {"x.org"},
                              .read_roots = {"/src"},
                              .write_roots = {"/out"},
                              .directory = "/w",
                              .origin = "requires"};
  EXPECT_EQ(confined({*policy::requires_layer(rules)}), "net files");
  rules.confine = true;
  EXPECT_EQ(confined({*policy::requires_layer(rules)}), "net read:/src,/out, write:/out,");
}

TEST(Confinement, the_program_itself_stays_readable) {
  EXPECT_EQ(confined({box("read=/src")}, false, "/opt/tool"), "net read:/src,/opt/tool, write:/,");
}

} // namespace
} // namespace perch::run

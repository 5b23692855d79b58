#include "gate_fixture.h"
#include "run/gate_guest.h"

#include <filesystem>

namespace perch::run {
namespace {

using test::make_directory;
using test::make_link;
using test::write_file;

constexpr Actor kWasm{.name = "wasm_run"};

class GateGuestTest : public GateTest {
protected:
  void SetUp() override {
    make_directory(top / "src");
    make_directory(top / "out");
    write_file(top / "m.wasm", "module");
  }
  std::string mounted(std::string_view path, bool writable) {
    const auto made = mount(gate(), scope(), kWasm, path, "/x", writable);
    return made ? made->mount.host : std::string(made.error().kind);
  }
};

TEST_F(GateGuestTest, a_mount_is_the_real_directory_and_its_handle) {
  make_link("src", top / "link");
  const auto made = mount(gate(), scope(), kWasm, "link", "/ro/link", false);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->mount.host, top / "src");
  EXPECT_EQ(made->mount.guest, "/ro/link");
  EXPECT_EQ(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(made->handle.get())),
            top / "src");
}

TEST_F(GateGuestTest, requires_does_not_bound_a_mount_but_flags_and_sandboxes_do) {
  push_requires({});
  EXPECT_EQ(mounted("src", false), top / "src");
  EXPECT_EQ(mounted("out", true), top / "out");
  push_flags({.allow_write_path = {{"out"}}});
  EXPECT_EQ(mounted("out", true), top / "out");
  EXPECT_EQ(mounted("src", true), kind::kWasmCapabilityDenied);
  EXPECT_EQ(mounted("src", false), top / "src");
  push_sandbox("no_write");
  EXPECT_EQ(mounted("out", true), kind::kWasmCapabilityDenied);
}

TEST_F(GateGuestTest, a_writable_mount_must_be_readable_too) {
  push_flags({.no_read = true});
  EXPECT_EQ(mounted("out", true), kind::kWasmCapabilityDenied);
  EXPECT_EQ(mounted("out", false), kind::kWasmCapabilityDenied);
}

TEST_F(GateGuestTest, what_is_no_directory_is_no_mount) {
  EXPECT_EQ(mounted("none", false), kind::kFileNotFound);
  EXPECT_EQ(mounted("m.wasm", false), kind::kBadArgument);
  EXPECT_EQ(mounted("", false), kind::kBadArgument);
}

TEST_F(GateGuestTest, a_mount_never_overlaps_perchs_own_directories) {
  make_directory(top / "out/perch");
  make_directory(top / "out/perch/wasm");
  setup.protected_directories = {top / "out/perch", ""};
  make_link("out/perch", top / "link");
  for (const std::string& path :
       {std::string("out"), std::string("out/perch"), std::string("out/perch/wasm"),
        std::string("link"), std::string("."), std::string("/")}) {
    EXPECT_EQ(mounted(path, false), kind::kWasmCapabilityDenied) << path;
    EXPECT_EQ(mounted(path, true), kind::kWasmCapabilityDenied) << path;
  }
  EXPECT_EQ(mounted("src", true), top / "src");
}

TEST_F(GateGuestTest, a_module_may_be_read_under_every_policy) {
  push_flags({.no_write = true, .no_read = true});
  const auto spot = locate_module(gate(), scope(), kWasm, "m.wasm");
  ASSERT_TRUE(spot);
  EXPECT_EQ(spot->info.size, std::string_view("module").size());
  EXPECT_EQ(kind_of(locate_module(gate(), scope(), kWasm, "none.wasm")), kind::kFileNotFound);
  EXPECT_EQ(kind_of(locate_module(gate(), scope(), kWasm, "src")), kind::kFileError);
  EXPECT_EQ(kind_of(locate_module(gate(), scope(), kWasm, "")), kind::kBadArgument);
}

TEST_F(GateGuestTest, variables_of_a_guest_are_bounded_by_flags_not_by_requires) {
  env.table["TOKEN"] = "s";
  push_requires({});
  EXPECT_EQ(guest_variable(gate(), scope(), kWasm, "TOKEN").value_or("?"), "s");
  push_flags({.env = {{"OTHER"}}});
  EXPECT_EQ(kind_of(guest_variable(gate(), scope(), kWasm, "TOKEN")), kind::kWasmCapabilityDenied);
  overlay.set("TOKEN", "mine");
  EXPECT_EQ(guest_variable(gate(), scope(), kWasm, "TOKEN").value_or("?"), "mine");
}

TEST_F(GateGuestTest, no_wasm_stops_every_module) {
  EXPECT_TRUE(may_run_module(gate(), scope(), kWasm, "abc"));
  push_flags({.no_wasm = true});
  EXPECT_EQ(kind_of(may_run_module(gate(), scope(), kWasm, "abc")), kind::kWasmCapabilityDenied);
}

} // namespace
} // namespace perch::run

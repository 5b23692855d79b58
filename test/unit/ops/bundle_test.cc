#include "op_fixture.h"

namespace perch::ops {
namespace {

class BundleOps : public Ops {
protected:
  BundleOps() {
    world.bundle_hash = "c0ffee";
    world.bundle = {{"rules/a", "one"}, {"", "everything"}};
  }
};

TEST_F(BundleOps, tell_digest_and_directory) {
  EXPECT_EQ(text("bundle_hash", {}), "c0ffee");
  EXPECT_EQ(text("bundle_dir", {}), "/work");
}

TEST_F(BundleOps, two_words_are_an_entry_and_its_target) {
  EXPECT_EQ(text("bundle_extract", {"rules/a", "./a"}), "./a");
  EXPECT_EQ(world.files.bytes("a"), "one");
}

TEST_F(BundleOps, one_word_is_the_target_of_everything) {
  EXPECT_EQ(text("bundle_extract", {"out"}), "out");
  EXPECT_EQ(world.files.bytes("out"), "everything");
}

TEST_F(BundleOps, what_is_not_bundled_is_an_error) {
  EXPECT_EQ(kind("bundle_extract", {"nothing", "x"}), kind::kBundleError);
  EXPECT_EQ(kind("bundle_extract", {"", "x"}), kind::kBadArgument);
  world.bundle_hash.reset();
  EXPECT_EQ(kind("bundle_hash", {}), kind::kBundleError);
}

} // namespace
} // namespace perch::ops

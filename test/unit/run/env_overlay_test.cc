#include "run/env_overlay.h"

#include <gtest/gtest.h>

namespace perch::run {
namespace {

std::string shown(const EnvOverlay& overlay) {
  std::string out;
  for (const EnvOverlay::Entry* entry : overlay.entries())
    out += entry->name + "=" + entry->value.value_or("(none)") + " ";
  return out;
}

TEST(EnvOverlay, entries_stand_in_the_order_they_were_first_set) {
  EnvOverlay overlay;
  overlay.set("B", "1");
  overlay.set("A", "2");
  overlay.set("B", "3");
  overlay.set_exported("C", "4");
  EXPECT_EQ(shown(overlay), "C=4 B=3 A=2 ");
  EXPECT_EQ(overlay.find("D"), nullptr);
}

TEST(EnvOverlay, a_change_of_a_copy_is_its_own) {
  EnvOverlay outer;
  outer.set("A", "1");
  outer.set_exported("E", "1");
  EnvOverlay inner = outer;
  inner.set("A", "2");
  inner.set("B", "2");
  inner.set_exported("E", std::nullopt);
  EXPECT_EQ(shown(outer), "E=1 A=1 ");
  EXPECT_EQ(shown(inner), "E=(none) A=2 B=2 ");
  outer.set("A", "3");
  EXPECT_EQ(shown(inner), "E=(none) A=2 B=2 ");
  EXPECT_EQ(shown(outer.after(inner)), "E=(none) A=3 ");
}

TEST(EnvOverlay, an_export_changes_what_shadows_it_too) {
  EnvOverlay overlay;
  overlay.set("A", "1");
  overlay.set_exported("A", "2");
  EXPECT_EQ(shown(overlay), "A=2 ");
  EXPECT_EQ(shown(EnvOverlay().after(overlay)), "A=2 ");
}

} // namespace
} // namespace perch::run

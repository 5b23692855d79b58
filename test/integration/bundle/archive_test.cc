// Written to disk and read back: what is damaged, where, and that it is always noticed.

#include "base/error_kinds.h"
#include "bundle/reader.h"
#include "bundle/unpack.h"
#include "bundle/writer.h"
#include "op/op_decl.h"
#include "program/analyze.h"
#include "support/temp_dir.h"
#include "sys/directory_lock.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>

namespace perch::bundle {
namespace {

using test::TempDir;

/// Stands for a perch: all that matters of it is its marker, which is empty.
std::string fake_perch() {
  const std::string marker =
      marker_bytes({.sha256 = std::string(64, '0'), .tail_sha256 = std::string(64, '0')});
  return "\x7f"
         "ELF" +
         std::string(300, 'p') + marker.substr(0, 32) + std::string(marker.size() - 32, '\0') +
         std::string(777, 'q');
}

class Archives : public testing::Test {
protected:
  Archives() {
    test::make_directory(temp_ / "app");
    test::write_file(temp_ / "app/policy.wasm", std::string(300, 'w'));
    test::make_directory(temp_ / "app/rules");
    test::write_file(temp_ / "app/rules/a.txt", "alpha\n");
    test::write_file(temp_ / "app/rules/run", "#!/bin/sh\n", 0755);
  }

  /// Analyzes this text as app/app.perch.
  std::shared_ptr<const program::Program> program(const std::string& text) {
    const std::uint32_t source = sources_.add("app.perch", text).id;
    static const op::OpTable kNoOps{std::span<const std::span<const op::OpDecl>>()};
    const program::Loading loading{};
    diag::Diags diags;
    auto made = program::analyze(sources_, {.source = source, .directory = temp_ / "app"}, kNoOps,
                                 loading, program::Strictness::Run, diags);
    EXPECT_FALSE(diags.has_errors());
    return made;
  }

  std::optional<Collected> collected(const std::string& text, std::vector<Extra> extras = {}) {
    const auto made = program(text);
    const auto output = fs_->locate(temp_ / "out", sys::Final::Follow);
    return collect(*fs_, *made, extras, *output, diags_);
  }

  /// Builds temp/out.
  Result<Written> build(Collected files, const CompileAhead& compile = native) {
    Plan plan{.files = std::move(files.files)};
    plan.manifest.aliases = std::move(files.aliases);
    plan.manifest.source = "app.perch";
    plan.sources = {{.entry = std::string(kProgramEntry), .text = "command hi\nend\n"}};
    PERCH_TRY_ASSIGN(const auto place, fs_->locate(temp_ / "out", sys::Final::Follow));
    PERCH_TRY_ASSIGN(const auto out, sys::NewExecutable::make(place));
    const std::string perch = fake_perch();
    PERCH_TRY_ASSIGN(const Written written,
                     write_executable(*fs_, std::move(plan), perch, compile, *out));
    PERCH_TRY(out->commit());
    return written;
  }

  static Compiling native(std::string_view, std::string_view module, bool metered) {
    return [=] { return (metered ? "metered " : "code ") + std::string(2 * module.size(), 'n'); };
  }

  Result<std::unique_ptr<Reader>> open(const std::string& bytes) {
    const std::string path = temp_ / "opened";
    test::write_file(path, bytes);
    PERCH_TRY_ASSIGN(const auto spot, fs_->locate(path, sys::Final::Follow));
    PERCH_TRY_ASSIGN(const auto fd, fs_->open(spot, sys::Access::Read, 0));
    PERCH_TRY_ASSIGN(auto file, sys::MappedFile::map(fd.get(), path));
    return Reader::open(std::move(file), "app");
  }

  std::string built() { return test::read_file(temp_ / "out"); }

  std::string messages() {
    std::string all;
    for (const diag::Diag& diag : diags_.all())
      all += diag.message + "\n";
    std::string_view dir = temp_.path();
    for (std::size_t at = 0; (at = all.find(dir, at)) != std::string::npos;)
      all.replace(at, dir.size(), "");
    return all;
  }

  TempDir temp_;
  std::unique_ptr<sys::Fs> fs_ = sys::real_fs();
  diag::SourceMap sources_;
  diag::Diags diags_;
};

constexpr std::string_view kBundle = R"(bundle
    include "./policy.wasm" as policy
    include "./rules"
end
)";

std::string with(std::string_view lines) { return "bundle\n" + std::string(lines) + "end\n"; }

TEST_F(Archives, what_is_packed_is_read) {
  auto files = collected(std::string(kBundle));
  ASSERT_TRUE(files) << messages();
  const auto written = build(std::move(*files));
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->files, 3u);
  EXPECT_EQ(written->modules, 1u);
  const auto reader = open(built());
  ASSERT_TRUE(reader && *reader) << reader.error().message;
  EXPECT_EQ((*reader)->sha256(), written->sha256);
  EXPECT_TRUE((*reader)->verify().empty());
  const EntryList& entries = (*reader)->manifest().entries;
  const auto run = entries.find("files/rules/run");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->mode, 0755u);
  EXPECT_EQ((*reader)->read(*run), "#!/bin/sh\n");
  const auto module = entries.find("files/policy.wasm");
  ASSERT_TRUE(module);
  const auto code = entries.find(native_entry(module->sha256, false));
  ASSERT_TRUE(code);
  EXPECT_TRUE((*reader)->check_code(*code));
  const std::string_view bytes = (*reader)->code(*code);
  EXPECT_TRUE(bytes.starts_with("code nnn"));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % 4096, 0u);
  EXPECT_EQ(test::mode_of(temp_ / "out") & 0111, 0111u);
}

TEST_F(Archives, two_builds_are_the_same_bytes) {
  ASSERT_TRUE(build(*collected(std::string(kBundle))));
  const std::string first = built();
  test::write_file(temp_ / "app/rules/a.txt", "alpha\n"); // another time
  ASSERT_TRUE(build(*collected(std::string(kBundle))));
  EXPECT_EQ(built(), first);
}

TEST_F(Archives, a_changed_byte_anywhere_is_noticed) {
  ASSERT_TRUE(build(*collected(std::string(kBundle))));
  const std::string sound = built();
  ASSERT_LT(sound.size(), 20'000u);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    std::string broken = sound;
    broken[i] = static_cast<char>(broken[i] ^ 0x10);
    const auto reader = open(broken);
    EXPECT_TRUE(!reader || !(*reader)->verify().empty()) << "byte " << i;
  }
}

TEST_F(Archives, a_cut_executable_is_noticed_at_every_length) {
  ASSERT_TRUE(build(*collected(std::string(kBundle))));
  const std::string sound = built();
  for (std::size_t size = fake_perch().size(); size < sound.size(); size += 13) {
    const auto reader = open(sound.substr(0, size));
    ASSERT_FALSE(reader) << size;
    EXPECT_EQ(reader.error().kind, kind::kBundleError);
  }
}

TEST_F(Archives, what_is_appended_is_not_read) {
  ASSERT_TRUE(build(*collected(std::string(kBundle))));
  const auto reader = open(built() + "a signature");
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->bytes_behind(), 11u);
  EXPECT_TRUE((*reader)->verify().empty());
}

TEST_F(Archives, a_large_file_is_packed_in_pieces) {
  std::string large(20u << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 997)
    large[i] = static_cast<char>(i >> 4);
  test::write_file(temp_ / "app/large", large);
  ASSERT_TRUE(build(*collected(with("include \"large\"\n"))));
  const auto reader = open(built());
  ASSERT_TRUE(reader);
  EXPECT_TRUE((*reader)->verify().empty());
  EXPECT_EQ((*reader)->read(*(*reader)->entry("files/large")), large);
}

TEST_F(Archives, one_file_may_have_two_aliases_and_two_lines) {
  const auto files = collected(with("include \"policy.wasm\" as a\ninclude \"./policy.wasm\" as b\n"
                                    "include \".\"\n"));
  ASSERT_TRUE(files) << messages();
  EXPECT_EQ(files->files.size(), 3u);
  EXPECT_EQ(files->aliases.size(), 2u);
  EXPECT_EQ(files->aliases[0].second, files->aliases[1].second);
}

TEST_F(Archives, the_output_is_not_packed_into_itself) {
  const auto made = program(with("include \".\"\n"));
  test::write_file(temp_ / "app/out", "an earlier build");
  const auto output = fs_->locate(temp_ / "app/out", sys::Final::Follow);
  const auto files = collect(*fs_, *made, {}, *output, diags_);
  ASSERT_TRUE(files);
  EXPECT_EQ(files->files.size(), 3u);
}

TEST_F(Archives, an_include_that_matches_nothing_or_leads_away_is_a_mistake) {
  EXPECT_FALSE(collected(with("include \"*.txt\"\ninclude \"none\"\ninclude \"../x\"\n"
                              "include \"/etc/passwd\"\ninclude \"rules\" as r\n")));
  EXPECT_EQ(messages(), "`*.txt` matches no file\n"
                        "`none` matches no file\n"
                        "`../x` lies outside the directory of the program\n"
                        "`/etc/passwd` lies outside the directory of the program\n"
                        "the alias `r` must name one file\n");
}

TEST_F(Archives, links_lead_to_files_of_the_program_or_are_mistakes) {
  test::make_link("rules/a.txt", temp_ / "app/good");
  EXPECT_TRUE(collected(with("include \"good\"\n")));
  test::make_link("../..", temp_ / "app/rules/loop");
  test::make_link("/etc/passwd", temp_ / "app/away");
  test::make_link("nothing", temp_ / "app/dangling");
  for (const std::string path : {"rules", "away", "dangling"})
    EXPECT_FALSE(collected(with("include \"" + path + "\"\n")));
  EXPECT_EQ(messages(), "`/app/rules/loop` is a link to a directory or a device\n"
                        "`/app/away` is a link that leads out of /app\n"
                        "`/app/dangling` is a link that leads nowhere\n");
}

TEST_F(Archives, a_name_that_is_no_utf_8_is_a_mistake) {
  test::write_file(temp_ / "app/rules/\xff", "x");
  EXPECT_FALSE(collected(std::string(kBundle)));
  EXPECT_NE(messages().find("cannot be kept in a bundle"), std::string::npos);
}

TEST_F(Archives, two_files_of_one_name_are_a_mistake) {
  test::make_directory(temp_ / "one");
  test::make_directory(temp_ / "two");
  test::write_file(temp_ / "one/stamp", "1");
  test::write_file(temp_ / "two/stamp", "2");
  const std::vector<Extra> extras = {{.shown = "one/stamp", .absolute = temp_ / "one/stamp"},
                                     {.shown = "two/stamp", .absolute = temp_ / "two/stamp"}};
  EXPECT_FALSE(collected("", extras));
  EXPECT_EQ(messages(), "two files would be `stamp` in the bundle: /one/stamp and /two/stamp\n");
}

TEST_F(Archives, extras_have_their_own_names_outside_and_their_place_inside) {
  test::make_directory(temp_ / "one");
  test::write_file(temp_ / "one/stamp", "1");
  const std::vector<Extra> extras = {
      {.shown = "one", .absolute = temp_ / "one"},
      {.shown = "app/rules/run", .absolute = temp_ / "app/rules/run"}};
  const auto files = collected("", extras);
  ASSERT_TRUE(files) << messages();
  ASSERT_EQ(files->files.size(), 2u);
  EXPECT_EQ(files->files[0].entry, "files/one/stamp");
  EXPECT_EQ(files->files[1].entry, "files/rules/run");
}

TEST_F(Archives, a_compiler_that_fails_leaves_nothing) {
  const CompileAhead fails = [](std::string_view, std::string_view, bool) -> Compiling {
    return [] { return fail(kind::kWasmCompileFailed, "no"); };
  };
  EXPECT_FALSE(build(*collected(std::string(kBundle)), fails));
  EXPECT_FALSE(test::exists(temp_ / "out"));
  EXPECT_EQ(test::entries_in(temp_.path()), 1);
}

class NoEnv final : public sys::Env {
public:
  std::optional<std::string_view> get(std::string_view) const override { return std::nullopt; }
  std::vector<std::string_view> all() const override { return {}; }
};

class Unpacked : public Archives {
protected:
  Unpacked() {
    EXPECT_TRUE(build(*collected(std::string(kBundle))));
    auto opened = open(built());
    EXPECT_TRUE(opened);
    reader_ = std::move(*opened);
  }
  std::string unpacked() {
    auto files = unpack(world_, *reader_, temp_ / "cache/bundles");
    EXPECT_TRUE(files) << files.error().message;
    return files ? files->directory : "";
  }

  NoEnv env_;
  std::unique_ptr<sys::Clock> clock_ = sys::real_clock();
  std::unique_ptr<sys::Host> host_ = sys::real_host(env_);
  sys::World world_{.fs = *fs_, .clock = *clock_, .env = env_, .host = *host_};
  std::unique_ptr<Reader> reader_;
};

std::uint64_t inode_of(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_ino;
}

TEST_F(Unpacked, files_have_their_bytes_and_modes_and_are_for_the_user_alone) {
  const std::string directory = unpacked();
  EXPECT_EQ(test::read_file(directory + "/rules/a.txt"), "alpha\n");
  EXPECT_EQ(test::mode_of(directory + "/rules/run") & 0777, 0755u);
  EXPECT_EQ(test::mode_of(directory) & 0777, 0700u);
  EXPECT_EQ(test::mode_of(temp_ / "cache/bundles") & 0777, 0700u);
}

TEST_F(Unpacked, the_second_time_it_is_there_already) {
  const auto first = inode_of(unpacked());
  EXPECT_EQ(inode_of(unpacked()), first);
}

TEST_F(Unpacked, what_was_changed_is_made_anew) {
  const std::string directory = unpacked();
  test::write_file(directory + "/rules/a.txt", "ALPHA\n");
  EXPECT_EQ(test::read_file(unpacked() + "/rules/a.txt"), "alpha\n");
  test::write_file(directory + "/more", "too much");
  EXPECT_FALSE(test::exists(unpacked() + "/more"));
  std::filesystem::remove(directory + "/rules/run");
  EXPECT_TRUE(test::exists(unpacked() + "/rules/run"));
  std::filesystem::remove_all(directory + "/rules");
  test::make_link("/etc", directory + "/rules");
  EXPECT_EQ(test::read_file(unpacked() + "/rules/a.txt"), "alpha\n");
  EXPECT_EQ(test::entries_in(temp_ / "cache/bundles"), 2); // it and its record
}

TEST_F(Unpacked, what_was_rewritten_in_place_with_its_old_size_and_time_is_noticed) {
  const std::string path = unpacked() + "/rules/a.txt";
  struct stat before{};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  const timespec times[] = {before.st_atim, before.st_mtim};
  struct stat now = before;
  // Until the clock of the file system has moved on.
  while (now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
         now.st_ctim.tv_nsec == before.st_ctim.tv_nsec) {
    test::write_file(path, "ALPHA\n");
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    ASSERT_EQ(::stat(path.c_str(), &now), 0);
  }
  ASSERT_EQ(now.st_ino, before.st_ino);
  ASSERT_EQ(now.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
  EXPECT_EQ(test::read_file(unpacked() + "/rules/a.txt"), "alpha\n");
}

TEST_F(Unpacked, without_its_record_every_byte_is_looked_at) {
  const std::string directory = unpacked();
  const auto first = inode_of(directory);
  std::filesystem::remove(directory + ".seen");
  EXPECT_EQ(inode_of(unpacked()), first);
  EXPECT_TRUE(test::exists(directory + ".seen"));
}

TEST_F(Unpacked, who_uses_it_is_noticed_by_who_would_remove_it) {
  using sys::Holders;
  auto one = unpack(world_, *reader_, temp_ / "cache/bundles");
  auto two = unpack(world_, *reader_, temp_ / "cache/bundles");
  ASSERT_TRUE(one && two);
  EXPECT_FALSE(sys::lock_directory(one->directory, Holders::One));
  one->use.reset();
  EXPECT_FALSE(sys::lock_directory(two->directory, Holders::One));
  two->use.reset();
  EXPECT_TRUE(sys::lock_directory(two->directory, Holders::One));
}

TEST_F(Unpacked, a_place_that_others_may_use_is_refused) {
  std::filesystem::create_directories(temp_ / "cache/bundles");
  ::chmod((temp_ / "cache/bundles").c_str(), 0755);
  const auto refused = unpack(world_, *reader_, temp_ / "cache/bundles");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, kind::kFilePermissionDenied);
}

} // namespace
} // namespace perch::bundle

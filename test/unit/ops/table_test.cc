// What holds for every op: the table is the documentation, the checker and the policy.

#include "op/op_decl.h"
#include "ops/tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace perch::ops {
namespace {

using op::Arity;
using op::OpDecl;

std::vector<const OpDecl*> all_ops() {
  std::vector<const OpDecl*> all;
  for (const auto family : tables()) {
    for (const OpDecl& decl : family)
      all.push_back(&decl);
  }
  return all;
}

TEST(op_tables, every_name_and_alias_is_unique) {
  std::set<std::string_view> names;
  for (const OpDecl* decl : all_ops()) {
    EXPECT_TRUE(names.insert(decl->name).second) << decl->name;
    for (const auto alias : decl->aliases)
      EXPECT_TRUE(alias.empty() || names.insert(alias).second) << alias;
  }
}

TEST(op_tables, every_op_is_complete) {
  for (const OpDecl* decl : all_ops()) {
    EXPECT_NE(decl->run, nullptr) << decl->name;
    EXPECT_TRUE(decl->summary.ends_with('.')) << decl->name;
    EXPECT_LE(decl->summary.size(), 100u) << decl->name;
    EXPECT_FALSE(decl->example.empty()) << decl->name;
    EXPECT_EQ(decl->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              std::string_view::npos)
        << decl->name;
  }
}

TEST(op_tables, an_example_calls_the_op_it_belongs_to) {
  for (const OpDecl* decl : all_ops())
    EXPECT_NE(decl->example.find(decl->name), std::string_view::npos) << decl->name;
}

TEST(op_tables, positional_parameters_come_in_an_order_that_can_be_bound) {
  for (const OpDecl* decl : all_ops()) {
    Arity last = Arity::Required;
    for (const auto& param : decl->parameters()) {
      if (param.arity == Arity::Named)
        continue;
      EXPECT_GE(param.arity, last) << decl->name << ' ' << param.name;
      EXPECT_NE(last, Arity::Rest) << decl->name << ": something follows the rest";
      last = param.arity;
    }
  }
}

TEST(op_tables, parameter_names_are_unique_within_an_op) {
  for (const OpDecl* decl : all_ops()) {
    std::set<std::string_view> names;
    for (const auto& param : decl->parameters())
      EXPECT_TRUE(names.insert(param.name).second) << decl->name << ' ' << param.name;
  }
}

TEST(op_tables, a_fallback_reads_as_its_parameters_type) {
  for (const OpDecl* decl : all_ops()) {
    for (const auto& param : decl->parameters()) {
      if (param.fallback.empty())
        continue;
      EXPECT_NE(param.arity, Arity::Required) << decl->name << ' ' << param.name;
      EXPECT_FALSE(op::mismatch(op::Value(std::string(param.fallback)), param.type))
          << decl->name << ' ' << param.name;
    }
  }
}

TEST(op_tables, what_a_need_is_about_is_a_parameter) {
  for (const OpDecl* decl : all_ops()) {
    for (const auto& need : decl->requests()) {
      if (need.subject.empty())
        continue;
      const int index = decl->index_of(need.subject);
      ASSERT_GE(index, 0) << decl->name << ' ' << need.subject;
      const auto type = decl->params[static_cast<std::size_t>(index)].type;
      const bool path = need.cap == op::Cap::Read || need.cap == op::Cap::Write;
      EXPECT_EQ(type, path ? op::Type::Path : op::Type::Text) << decl->name << ' ' << need.subject;
    }
  }
}

TEST(op_tables, the_family_is_that_of_the_file) {
  std::map<op::Family, std::set<const OpDecl*>> tables_of_family;
  for (const auto table : tables())
    tables_of_family[table.front().family].insert(table.data());
  for (const auto& [family, found] : tables_of_family) {
    const bool split = family == op::Family::Files || family == op::Family::Encoding;
    EXPECT_EQ(found.size(), split ? found.size() : 1) << static_cast<int>(family);
  }
}

TEST(op_tables, the_names_programs_use_exist) {
  const op::OpTable table(tables());
  const char* names =
      "print println eprintln fail throw exit sleep list_commands shell shell_output shell_in "
      "shell_detached try_shell process_running read_file exists is_dir is_file file_size "
      "file_mtime glob list_dir read_link mkdir ensure_dir cp copy_dir mv rm cd chmod "
      "make_executable touch write_file append_file append_line ensure_line_in_file "
      "replace_in_file backup_file symlink mktemp_dir mktemp_file path_join path_dir path_base "
      "path_ext path_with_ext path_clean path_abs path_rel path_within is_abs to_slash from_slash "
      "expand_path trim upper lower capitalize length char_count replace split join list contains "
      "has_prefix has_suffix repeat slice pad_left pad_right grep reject cut head tail sort_lines "
      "uniq_lines count_lines sha256 sha512 sha1 md5 crc32 sha256_file sha512_file sha1_file "
      "md5_file verify_sha256 assert_sha256 base64_encode base64_decode hex_encode hex_decode "
      "url_encode url_decode json_parse json_stringify json_get json_valid regex_match "
      "regex_replace regex_find_all now unix_to_iso version_extract version_eq version_ne "
      "version_gt version_ge version_lt version_le version_compat get_env env_has env_default "
      "set_env export unset_env unset get_os get_arch cwd home_dir temp_dir cache_dir config_dir "
      "data_dir app_data_dir pid user exe_path exe_dir script_path script_dir cpu_count os_version "
      "path_sep path_list_sep exe_ext null_device is_admin is_ci is_tty http_get http_post "
      "http_put http_delete http_request http_status download hostname dns_lookup port_check "
      "port_free find_free_port wait_for_port wait_for_url local_ip interfaces which has_bin "
      "bin_version path_contains on_path shell_rc_path detect_pkg_mgr pkg_install gzip ungzip "
      "tar_create tar_extract zip_create zip_extract bundle_hash bundle_dir bundle_extract "
      "assert_eq assert_neq assert_contains assert_not_contains assert_match assert_exists "
      "assert_not_exists assert_version assert_version_ge";
  std::string_view rest = names;
  while (!rest.empty()) {
    const auto name = rest.substr(0, rest.find(' '));
    EXPECT_NE(table.find(name), nullptr) << name;
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
}

TEST(op_tables, words_that_name_files_or_messages_are_never_bindings) {
  const op::OpTable table(tables());
  for (const char* name : {"mkdir", "rm", "fail", "write_file", "cp", "mv", "cd", "assert_eq"})
    EXPECT_FALSE(table.find(name)->bare_names) << name;
  for (const char* name : {"print", "eprintln", "shell", "upper", "ensure_dir", "exit", "sleep"})
    EXPECT_TRUE(table.find(name)->bare_names) << name;
}

} // namespace
} // namespace perch::ops

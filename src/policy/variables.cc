#include "policy/variables.h"

#include <algorithm>

namespace perch::policy {

bool loads_code(std::string_view name) {
  static constexpr std::string_view kPrefixes[] = {"LD_", "DYLD_", "BASH_FUNC_", "LUA_INIT",
                                                   "GIT_CONFIG"};
  static constexpr std::string_view kNames[] = {
      "BASH_ENV",
      "ENV",
      "SHELLOPTS",
      "BASHOPTS",
      "PS4",
      "PROMPT_COMMAND",
      "PERL5LIB",
      "PERLLIB",
      "PERL5OPT",
      "PERL5DB",
      "PYTHONPATH",
      "PYTHONSTARTUP",
      "PYTHONHOME",
      "PYTHONUSERBASE",
      "RUBYOPT",
      "RUBYLIB",
      "NODE_OPTIONS",
      "NODE_PATH",
      "JAVA_TOOL_OPTIONS",
      "JDK_JAVA_OPTIONS",
      "_JAVA_OPTIONS",
      "CLASSPATH",
      "GCONV_PATH",
      "OPENSSL_CONF",
      "OPENSSL_MODULES",
      "OPENSSL_ENGINES",
      "GIT_EXEC_PATH",
      "GIT_SSH",
      "GIT_SSH_COMMAND",
      "GIT_EXTERNAL_DIFF",
      "GIT_ASKPASS",
      "SSH_ASKPASS",
      "GIT_PROXY_COMMAND",
      "GIT_EDITOR",
      "GIT_SEQUENCE_EDITOR",
      "GIT_PAGER",
      "ZDOTDIR",
      "MAKEFLAGS",
      "LESSOPEN",
      "BASH_LOADABLES_PATH",
  };
  return std::ranges::any_of(kPrefixes, [&](auto prefix) { return name.starts_with(prefix); }) ||
         std::ranges::find(kNames, name) != std::end(kNames);
}

} // namespace perch::policy

// `perch --init`: a first program to change.

#include "base/error_kinds.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "sys/fs.h"

namespace perch::cli {

namespace {

constexpr std::string_view kStarter = R"PERCH(#!/usr/bin/env perch
name "%NAME%"
version "0.1.0"
about "What this project's commands are for"

requires
    bin "uname"
end

command hello
    description "Greet somebody"
    arg who
        type string
        default "world"
        description "whom to greet"
        index 0
    end
    do
        print "hello, ${who}"
    end
end

command main
    description "Show where this runs"
    do
        kernel = uname -sr
        print "on ${kernel}"
    end
end
)PERCH";

std::string starter(std::string_view directory) {
  const std::string_view base = directory.substr(directory.rfind('/') + 1);
  std::string name;
  for (char c : base.empty() ? std::string_view("program") : base) {
    if (c == '"' || c == '\\' || c == '$' || static_cast<unsigned char>(c) < 0x20)
      continue;
    name += c;
  }
  std::string text(kStarter);
  return text.replace(text.find("%NAME%"), 6, name);
}

} // namespace

int init(const Context& context) {
  const std::string current = context.world.host.current_directory();
  const std::string shown =
      context.options.file.empty() ? std::string("commands.perch") : context.options.file;
  const auto spot = context.world.fs.locate(sys::absolute_path(current, shown), sys::Final::Follow);
  if (!spot) {
    context.report(spot.error());
    return kFailure;
  }
  if (spot->info.type != sys::NodeType::Missing) {
    context.report(Error{.kind = kind::kFileAlreadyExists,
                         .message = base::cat('"', shown, "\" exists already"),
                         .help = "choose another name with -f FILE"});
    return kFailure;
  }
  const auto written = [&]() -> Status {
    PERCH_TRY_ASSIGN(auto pending, context.world.fs.replace(*spot, 0755));
    PERCH_TRY(pending->write(starter(current)));
    return pending->commit();
  }();
  if (!written) {
    context.report(written.error());
    return kFailure;
  }
  context.err(base::cat("wrote ", shown, "; try: perch -f ", shown, " hello\n"));
  return kOk;
}

} // namespace perch::cli

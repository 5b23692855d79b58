// `perch --list [--json]`: for completion scripts, editors and agents.

#include "base/json.h"
#include "base/text.h"
#include "cli/findings.h"
#include "cli/listing.h"
#include "cli/verbs.h"

namespace perch::cli {

namespace {

base::Json argument_json(const program::Arg& arg) {
  base::Json out = {{"name", std::string(arg.name)},
                    {"type", std::string(written_type(arg.type))},
                    {"description", std::string(arg.description)},
                    {"required", arg.fallback == nullptr && !arg.optional && !arg.rest}};
  if (arg.index)
    out["index"] = *arg.index;
  if (arg.rest)
    out["rest"] = true;
  if (arg.secret)
    out["secret"] = true;
  if (arg.fallback != nullptr && arg.fallback->plain()) {
    out["default"] = std::string(default_text(arg, {}));
  }
  if (!arg.choices.empty()) {
    out["choices"] = std::vector<std::string>(arg.choices.begin(), arg.choices.end());
  }
  return out;
}

base::Json program_json(const Context& context, const program::Program& program) {
  base::Json commands = base::Json::array();
  for (const NamedCommand& each : public_names(program))
    commands.push_back(command_json(context, each));
  return {{"name", std::string(program.name)},
          {"version", std::string(program.version)},
          {"description", std::string(program.about)},
          {"commands", std::move(commands)}};
}

} // namespace

base::Json command_json(const Context& context, const NamedCommand& named) {
  base::Json args = base::Json::array();
  for (const program::Arg& arg : named.command->args)
    args.push_back(argument_json(arg));
  return {{"name", std::string(named.name)},
          {"description", std::string(named.command->description)},
          {"args", std::move(args)},
          {"proxy_args", named.command->proxy_args},
          {"defined_in", context.sources.file_line(named.command->span)}};
}

int list(const Context& context) {
  const op::OpTable& ops = op_table();
  const std::optional<Loaded> loaded =
      load_sound(context, ops, context.options.json ? Form::Json : Form::Text);
  if (!loaded)
    return load_failed(context);
  if (context.options.json) {
    context.out(base::json_text(program_json(context, *loaded->program)) + "\n");
    return kOk;
  }
  std::string out;
  for (const NamedCommand& each : public_names(*loaded->program))
    out += base::cat(each.name, '\n');
  context.out(out);
  return kOk;
}

} // namespace perch::cli

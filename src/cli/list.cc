// `perch --list [--json]`: for completion scripts, editors and agents.

#include "base/json.h"
#include "base/text.h"
#include "cli/listing.h"
#include "cli/load.h"
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
    out["default"] = std::string(arg.fallback->text);
  }
  if (!arg.choices.empty()) {
    out["choices"] = std::vector<std::string>(arg.choices.begin(), arg.choices.end());
  }
  return out;
}

base::Json program_json(const Context& context, const program::Program& program) {
  base::Json commands = base::Json::array();
  for (const auto& [name, command] : public_names(program)) {
    base::Json args = base::Json::array();
    for (const program::Arg& arg : command->args)
      args.push_back(argument_json(arg));
    commands.push_back({{"name", std::string(name)},
                        {"description", std::string(command->description)},
                        {"args", std::move(args)},
                        {"proxy_args", command->proxy_args},
                        {"defined_in", context.sources.file_line(command->span)}});
  }
  return {{"name", std::string(program.name)},
          {"version", std::string(program.version)},
          {"description", std::string(program.about)},
          {"commands", std::move(commands)}};
}

} // namespace

int list(const Context& context) {
  const op::OpTable& ops = op_table();
  diag::Diags diags;
  const std::optional<Loaded> loaded = load_program(context, ops, program::Strictness::Run, diags);
  if (!loaded)
    return load_failed(context);
  if (loaded->program == nullptr) {
    context.report(diags);
    return kUsage;
  }
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

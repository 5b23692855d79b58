#pragma once
// What analysis can find wrong with a file: one type per diagnostic, its text beside it.

#include "base/error_kinds.h"
#include "base/text.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace perch::program {

using base::cat;

inline std::string did_you_mean(std::string_view nearest, std::string_view otherwise) {
  return nearest.empty() ? std::string(otherwise) : cat("did you mean `", nearest, "`?");
}

// ---- names -----------------------------------------------------------------------------------

struct UnknownName {
  static constexpr std::string_view id = "unknown-name";
  std::string_view name, nearest;
  bool condition = false; ///< it is a whole condition
  bool op = false;        ///< an op has this name
  std::string message() const { return cat("unknown name `", name, "`"); }
  std::string help() const {
    if (!condition || (is_name() && name.contains('.')))
      return way_out();
    const std::string ask =
        cat("if exec ", name == "exec" ? "PROGRAM ARGUMENT …" : std::string(name));
    if (name == "exec" || !is_name())
      return cat("a program is asked by its status: ", ask);
    return nearest.empty() ? cat(way_out(), "; a program is asked by its status: ", ask)
                           : cat(way_out(), " To ask the program, write ", ask);
  }

private:
  bool is_name() const { return std::ranges::all_of(base::split(name, '.'), base::is_identifier); }
  std::string way_out() const {
    if (op)
      return cat("it is an op: write ${", name, "(…)}, or bind its result first: ", name, " = ",
                 name, " …");
    if (nearest.empty() && name.contains('.'))
      return "the fields of an error are known in its `rescue` and `finally`, those of `hook` in a "
             "hook's handler";
    return did_you_mean(nearest, cat("bind it first (`", name,
                                     " = …`), make it an `arg`, or read a host "
                                     "variable with `get_env`"));
  }
};

struct UnboundBareWord {
  static constexpr std::string_view id = "unbound-word";
  std::string_view name;
  std::string message() const {
    return cat("`", name, "` is no binding here, so it stands for its own text");
  }
  std::string help() const { return cat("quote it to say so: \"", name, "\""); }
};

struct AutomaticName {
  static constexpr std::string_view id = "automatic-name";
  std::string_view name;
  std::string message() const { return cat("`", name, "` is set by perch and read-only"); }
  std::string help() const { return "choose another name for this binding"; }
};

struct DuplicateName {
  static constexpr std::string_view id = "duplicate-name";
  std::string_view what, name;
  std::string message() const { return cat(what, " `", name, "` is declared twice"); }
  std::string help() const { return "rename or remove one of the two"; }
};

struct ReservedName {
  static constexpr std::string_view id = "reserved-name";
  std::string_view what, name;
  std::string message() const { return cat(what, " `", name, "` collides with a built-in word"); }
  std::string help() const { return "choose another name"; }
};

struct WordIsText {
  static constexpr std::string_view id = "word-is-text";
  std::string_view name;
  std::string message() const {
    return cat("`", name, "` is its own text here, not the value of that name");
  }
  std::string help() const {
    return cat("for the value write \"${", name, "}\"; for the text \"", name, "\"");
  }
};

struct OpHidesCommand {
  static constexpr std::string_view id = "op-hides-command";
  std::string_view name;
  std::string message() const {
    return cat("inside bodies `", name, "` means the op, not this command");
  }
  std::string help() const { return "rename the command if bodies should be able to call it"; }
};

struct BinHidesOp {
  static constexpr std::string_view id = "bin-hides-op";
  std::string_view name;
  std::string message() const { return cat("`", name, "` runs the declared bin, not the op"); }
  std::string help() const { return "declare the bin under another name with `as` to use the op"; }
};

// ---- calls -----------------------------------------------------------------------------------

struct UnknownOp {
  static constexpr std::string_view id = "unknown-op";
  std::string_view name, nearest;
  bool placeholder = false; ///< where no program can stand
  bool command = false;     ///< it is one of the file
  std::string message() const {
    return command ? cat("`", name, "` is a command, and no op") : cat("unknown op `", name, "`");
  }
  std::string help() const {
    if (command)
      return cat("what a command prints is captured first: x = ", name, " …, then ${x}");
    if (placeholder)
      return did_you_mean(nearest, cat("what a program prints is captured first: x = exec ", name,
                                       " …, then ${x}; `perch ops` lists the ops"));
    return cat(nearest.empty() ? std::string() : cat("did you mean `", nearest, "`? "),
               "to run a program of that name, write `exec ", name, " …`");
  }
};

struct BinNotDeclared {
  static constexpr std::string_view id = "bin-not-declared";
  std::string_view name, nearest;
  std::string message() const {
    return cat("`", name, "` is neither an op nor a program declared in `requires`");
  }
  std::string help() const {
    return cat(nearest.empty() ? std::string() : cat("did you mean `", nearest, "`? "),
               "to allow the program, add to `requires`: bin \"", name, "\"");
  }
};

struct BinMissing {
  static constexpr std::string_view id = "bin-missing";
  std::string_view name;
  std::string message() const { return cat("there is no program `", name, "` on PATH"); }
  std::string help() const {
    return "commands that use it will not start: install it, or declare it with `optional`";
  }
};

struct TooManyArguments {
  static constexpr std::string_view id = "too-many-arguments";
  std::string_view name, usage;
  std::string program; ///< words for the `exec` hint; may be empty
  std::string message() const { return cat("too many arguments for `", name, "`"); }
  std::string help() const {
    return program.empty() ? cat("usage: ", usage)
                           : cat("usage: ", usage, "; to run the program instead: exec ", program);
  }
};

struct MissingArgument {
  static constexpr std::string_view id = "missing-argument";
  std::string_view name, param, usage;
  std::string message() const { return cat("`", name, "` needs its argument `", param, "`"); }
  std::string help() const { return cat("usage: ", usage); }
};

struct AssignedToName {
  static constexpr std::string_view id = "name-with-value";
  std::string_view op, name, value; ///< as they are written
  bool spaced = false;              ///< with a blank beside the `=`
  std::string message() const {
    return spaced ? cat("`", op, "` takes a name and a value, without `=`")
                  : cat("`", name, '=', value, "` is one word, and `", op, "` takes two");
  }
  std::string help() const {
    const bool quoted = !value.empty() && value.find_first_of("\"'`") != value.npos;
    const std::string_view quote = quoted ? "" : "\"";
    return cat("write ", op, ' ', name, ' ', quote, value, quote);
  }
};

struct ArgumentType {
  static constexpr std::string_view id = "argument-type";
  std::string_view param, type, text, hint;
  std::string message() const {
    return cat("`", param, "` must be ", type, ", not \"", text, "\"");
  }
  std::string help() const { return std::string(hint); }
};

struct UnexpandedPattern {
  static constexpr std::string_view id = "unexpanded-pattern";
  std::string_view text;
  std::string message() const { return cat("`", text, "` names one file: nothing expands it"); }
  std::string help() const {
    if (text.find_first_of("*?") == text.npos)
      return "write each name in a call of its own; for the one file, quote it";
    return cat("files = glob \"", text,
               "\", and a `for_each` over them; for the one file, quote it");
  }
};

struct FlagOfAnOp {
  static constexpr std::string_view id = "flag-of-an-op";
  std::string_view op, text;
  std::string message() const {
    return cat("`", op, "` has no flags: `", text, "` would name a file");
  }
  std::string help() const {
    return cat("to run the program instead: exec ", op, ' ', text, " …; for the file write ./",
               text);
  }
};

struct UnknownFlag {
  static constexpr std::string_view id = "unknown-argument";
  std::string_view command, name, nearest, usage;
  std::string message() const { return cat("`", command, "` has no argument `-", name, "`"); }
  std::string help() const {
    return nearest.empty() ? cat("usage: ", usage) : cat("did you mean `-", nearest, "`?");
  }
};

struct FlagNeedsValue {
  static constexpr std::string_view id = "argument-needs-value";
  std::string_view name;
  std::string message() const { return cat("`-", name, "` needs a value"); }
  std::string help() const { return cat("write `-", name, "=VALUE`"); }
};

struct TemplateAsValue {
  static constexpr std::string_view id = "template-as-value";
  std::string_view name;
  std::string_view where; ///< "captured", "a condition", "a clause of a chain", "a pipe stage"
  std::string message() const { return cat("template `", name, "` cannot be ", where); }
  std::string help() const { return "a template is a block without a result; make it a command"; }
};

struct TemplateRecursion {
  static constexpr std::string_view id = "template-recursion";
  std::string chain;
  std::string message() const { return cat("template expands itself: ", chain); }
  std::string help() const { return "templates are expanded at load; use a command to recurse"; }
};

struct TemplateTooLarge {
  static constexpr std::string_view id = "template-too-large";
  std::string message() const { return "templates expand to more than 200000 statements"; }
  std::string help() const { return "make the inner templates commands"; }
};

struct NotAStage {
  static constexpr std::string_view id = "not-a-stage";
  std::string_view name, why;
  std::string message() const {
    return cat("`", name, "` cannot be ", why.empty() ? "a" : "this", " stage of `pipe`");
  }
  std::string help() const {
    return why.empty() ? "stages are programs, wasm_run, commands, and ops that take text (grep, "
                         "head, …); `print` may be the first"
                       : cat("it would not read what the stage before it writes: ", why);
  }
};

struct NotACondition {
  static constexpr std::string_view id = "not-a-condition";
  std::string_view name;
  std::string message() const { return cat("`", name, "` is a command and answers no question"); }
  std::string help() const {
    return cat("conditions call ops and programs; compare what it prints: x = ", name,
               ", or `try` it");
  }
};

struct NoValue {
  static constexpr std::string_view id = "op-without-value";
  std::string_view name;
  std::string message() const { return cat("`", name, "` has no result to put here"); }
  std::string help() const {
    return name == "shell" ? "`shell_output` gives what the text prints"
                           : "give it a line of its own";
  }
};

struct UnknownPlatform {
  static constexpr std::string_view id = "unknown-platform";
  std::string_view what; ///< "operating system", "architecture"
  std::string_view name, nearest, examples;
  std::string message() const { return cat("there is no ", what, " `", name, "`"); }
  std::string help() const {
    return nearest.empty() ? cat("write one ", examples) : cat("write `", nearest, "`");
  }
};

struct ThrowOutsideRescue {
  static constexpr std::string_view id = "throw-outside-rescue";
  std::string message() const { return "bare `throw` stands outside a `rescue`"; }
  std::string help() const { return "give it a message: throw \"what went wrong\""; }
};

// ---- blocks ----------------------------------------------------------------------------------

struct UnknownOption {
  static constexpr std::string_view id = "unknown-option";
  std::string_view block, name, nearest, known;
  std::string message() const { return cat("`", block, "` has no option `", name, "`"); }
  std::string help() const { return did_you_mean(nearest, cat("it takes: ", known)); }
};

struct BlockShape {
  static constexpr std::string_view id = "block-shape";
  std::string_view block, shape;
  std::string message() const { return cat("`", block, "` is not written like this"); }
  std::string help() const { return cat("the form is: ", shape); }
};

struct BadOption {
  static constexpr std::string_view id = "bad-value";
  std::string_view what, text, expected;
  std::string message() const { return cat("`", what, "` cannot be \"", text, "\""); }
  std::string help() const { return cat("it must be ", expected); }
};

struct UnknownKindCase {
  static constexpr std::string_view id = "unknown-kind";
  std::string_view name;
  std::string message() const { return cat("no error has the kind `", name, "`"); }
  std::string help() const { return did_you_mean(nearest(), "see the list of error kinds"); }

private:
  std::string_view nearest() const {
    const auto* longer = std::ranges::find_if(kind::kAll, [&](std::string_view each) {
      return each.starts_with(name) && each.substr(name.size()).starts_with('_');
    });
    return longer != kind::kAll.end() ? *longer : base::nearest(name, kind::kAll).value_or("");
  }
};

struct UnknownAlias {
  static constexpr std::string_view id = "unknown-alias";
  std::string_view name, nearest;
  std::string known;
  std::string message() const { return cat("`", name, "` is no alias of the `bundle`"); }
  std::string help() const {
    if (!nearest.empty())
      return cat("did you mean `", nearest, "`?");
    return known.empty() ? cat("quote it to load a file: wasm_run \"", name, ".wasm\"")
                         : cat("known aliases: ", known);
  }
};

struct TypedCalls {
  static constexpr std::string_view id = "typed-calls";
  std::string message() const { return "typed calls (`func:`) are not supported yet"; }
  std::string help() const {
    return "they need the component model; today a module runs through `_start`";
  }
};

struct RemoteWithoutPin {
  static constexpr std::string_view id = "remote-without-pin";
  std::string message() const { return "a module from the network needs its digest pinned"; }
  std::string help() const {
    return "add to the block: wasm_hash \"sha256:HEX\" (or run with --accept-wasm-hash)";
  }
};

struct RemoteScheme {
  static constexpr std::string_view id = "remote-scheme";
  std::string message() const { return "modules are fetched over https only"; }
  std::string help() const { return "use an https:// address, or download the file first"; }
};

struct DuplicateDeclaration {
  static constexpr std::string_view id = "duplicate-declaration";
  std::string_view name;
  std::string message() const { return cat("`", name, "` stands twice in this block"); }
  std::string help() const { return "remove one of the two"; }
};

// ---- declarations ----------------------------------------------------------------------------

struct ConfigShape {
  static constexpr std::string_view id = "config-shape";
  std::string_view keyword, shape;
  std::string message() const { return cat("`", keyword, "` is not written like this"); }
  std::string help() const { return cat("the form is: ", shape); }
};

struct MissingType {
  static constexpr std::string_view id = "missing-type";
  std::string_view name;
  std::string message() const { return cat("argument `", name, "` has no type"); }
  std::string help() const { return "add a line: type string (or int, float, bool)"; }
};

struct UnknownType {
  static constexpr std::string_view id = "unknown-type";
  std::string_view name, nearest;
  std::string message() const { return cat("unknown type `", name, "`"); }
  std::string help() const { return did_you_mean(nearest, "types are: string, int, float, bool"); }
};

/// `greet who=sam`, where `who` is an argument of `greet`.
struct NamedWithoutDash {
  static constexpr std::string_view id = "named-without-dash";
  std::string_view call, name;
  std::string message() const {
    return cat("`", name, "=…` is a positional value here, and names no argument of `", call, "`");
  }
  std::string help() const {
    return cat("to name the argument write -", name, "=…; to pass the text, quote the word");
  }
};

struct RestRules {
  static constexpr std::string_view id = "rest-argument";
  std::string_view name, rule;
  std::string message() const { return cat("rest argument `", name, "` ", rule); }
  std::string help() const {
    return "a rest argument is the last positional: type string, an index, no default";
  }
};

struct IndexRules {
  static constexpr std::string_view id = "argument-index";
  std::string_view name, rule;
  std::string message() const { return cat("index of argument `", name, "` ", rule); }
  std::string help() const { return "positional arguments are numbered 0, 1, 2, … without gaps"; }
};

struct UnknownHandler {
  static constexpr std::string_view id = "unknown-handler";
  std::string_view name, nearest;
  std::string message() const { return cat("handler `", name, "` is not a command"); }
  std::string help() const { return did_you_mean(nearest, "declare a command of that name"); }
};

struct UnknownHookTarget {
  static constexpr std::string_view id = "unknown-hook-target";
  std::string_view name, nearest;
  std::string message() const { return cat("hook target `", name, "` is no category and no op"); }
  std::string help() const {
    return did_you_mean(nearest, "categories are: exec, net, write, read, env, any");
  }
};

struct ImportAdds {
  static constexpr std::string_view id = "import-adds";
  std::string_view path;
  std::string what;
  std::string message() const {
    return cat("importing \"", path, "\" lets every command of the program use what it declares");
  }
  std::string help() const { return cat("it adds: ", what); }
};

struct TextNotExamined {
  static constexpr std::string_view id = "text-not-examined";
  std::string message() const { return "of shell text only the first word is checked"; }
  std::string help() const { return "programs and `pipe` are checked word by word"; }
};

struct ConfigInBody {
  static constexpr std::string_view id = "config-in-body";
  std::string_view keyword;
  std::string message() const { return cat("`", keyword, "` configures a command"); }
  std::string help() const {
    if (keyword == "default")
      return "for all other values `match` has `else`; in an `arg`, `default` stands before `do`";
    return cat("move it out of `do`, or write `exec ", keyword, " …` for a program of that name",
               keyword == "type" ? "; whether there is a program: has_bin NAME" : "");
  }
};

struct NoDescription {
  static constexpr std::string_view id = "no-description";
  std::string_view name;
  std::string message() const { return cat("command `", name, "` has no description"); }
  std::string help() const { return "add: description \"what it does\""; }
};

struct BadHash {
  static constexpr std::string_view id = "bad-hash";
  std::string_view text;
  std::string message() const { return cat("\"", text, "\" is no SHA-256 digest"); }
  std::string help() const { return "write sha256: and 64 hexadecimal digits"; }
};

struct DeprecatedOp {
  static constexpr std::string_view id = "deprecated-op";
  std::string_view name, instead;
  std::string message() const { return cat("`", name, "` is deprecated"); }
  std::string help() const { return cat("use ", instead); }
};

// ---- imports ---------------------------------------------------------------------------------

struct ImportFailed {
  static constexpr std::string_view id = "import-failed";
  std::string path, why;
  std::string message() const { return cat("cannot import \"", path, "\": ", why); }
  std::string help() const { return "import paths are relative to the importing file"; }
};

struct ImportCycle {
  static constexpr std::string_view id = "import-cycle";
  std::string chain;
  std::string message() const { return cat("import cycle: ", chain); }
  std::string help() const { return "move what both files need into a third one"; }
};

struct ImportClash {
  static constexpr std::string_view id = "import-clash";
  std::string_view name, path;
  std::string message() const {
    return cat("importing \"", path, "\" declares command `", name, "` a second time");
  }
  std::string help() const { return "give the import a namespace: import … as NAME"; }
};

} // namespace perch::program

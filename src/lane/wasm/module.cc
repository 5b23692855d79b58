#include "lane/wasm/module.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "lane/wasm/engine.h"

#include <algorithm>
#include <span>
#include <vector>

namespace perch::lane {

namespace {

struct ExportTypes {
  wasm_exporttype_vec_t vec{0, nullptr};
  explicit ExportTypes(const wasmtime_module_t& module) { wasmtime_module_exports(&module, &vec); }
  ExportTypes(const ExportTypes&) = delete;
  ExportTypes& operator=(const ExportTypes&) = delete;
  ~ExportTypes() { wasm_exporttype_vec_delete(&vec); }
};

struct ImportTypes {
  wasm_importtype_vec_t vec{0, nullptr};
  explicit ImportTypes(const wasmtime_module_t& module) { wasmtime_module_imports(&module, &vec); }
  ImportTypes(const ImportTypes&) = delete;
  ImportTypes& operator=(const ImportTypes&) = delete;
  ~ImportTypes() { wasm_importtype_vec_delete(&vec); }
};

std::string_view view(const wasm_name_t* name) { return {name->data, name->size}; }
std::string_view name_of(const wasm_exporttype_t* type) { return view(wasm_exporttype_name(type)); }

constexpr std::size_t kMostNamesShown = 20;
constexpr std::size_t kMostImportsShown = 10;
constexpr std::size_t kMostBytesShown = 300;

/// A module chooses its names, and none of them may look like a line of perch's own.
std::string one_line(std::string_view name) {
  const auto is_inside = [&](std::size_t at) {
    return (static_cast<unsigned char>(name[at]) & 0xC0U) == 0x80; // of a character
  };
  const bool cut = name.size() > kMostBytesShown;
  std::size_t end = cut ? kMostBytesShown : name.size();
  while (cut && end > 0 && is_inside(end))
    --end;
  std::string out;
  for (const char c : name.substr(0, end)) {
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return cut ? out + "…" : out;
}

/// What the engine says is missing, in the order of the imports and each ended by a line feed, of
/// which a name may hold some as well.
std::vector<std::string_view> missing_imports(const wasmtime_module_t& module,
                                              std::string_view text) {
  const ImportTypes imports(module);
  std::vector<std::string_view> found;
  for (const wasm_importtype_t* type : std::span(imports.vec.data, imports.vec.size)) {
    const std::string name =
        base::cat(view(wasm_importtype_module(type)), '.', view(wasm_importtype_name(type)), ' ');
    if (!text.starts_with(name))
      continue;
    const std::size_t end = std::min(text.find('\n', name.size()), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

std::string list_of(const std::vector<std::string>& names) {
  if (names.empty())
    return "nothing";
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kMostNamesShown; ++i)
    out += base::cat(i == 0 ? "" : ", ", "`", one_line(names[i]), "`");
  if (names.size() > kMostNamesShown)
    out += base::cat(" and ", names.size() - kMostNamesShown, " more");
  return out;
}

/// `part`: of an import, which the name is compared with.
bool any_import(const wasmtime_module_t& module,
                const wasm_name_t* (*part)(const wasm_importtype_t*), std::string_view name) {
  const ImportTypes imports(module);
  return std::ranges::any_of(
      std::span(imports.vec.data, imports.vec.size),
      [&](const wasm_importtype_t* type) { return view(part(type)) == name; });
}

} // namespace

CompiledModule::CompiledModule(Facts facts, LoadedCode code, LoadPooled load_pooled)
    : facts_(std::move(facts)), module_(code.module.get()),
      asks_for_requests_(module_ != nullptr &&
                         any_import(*module_, wasm_importtype_module, "perch")),
      code_(std::move(code)), load_pooled_(std::move(load_pooled)) {}

bool CompiledModule::asks_for_variables() const {
  return any_import(*module_, wasm_importtype_name, "environ_get");
}

Status CompiledModule::check_start() const {
  const ExportTypes exports(*module_);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < exports.vec.size; ++i) {
    const wasm_exporttype_t* type = exports.vec.data[i];
    if (name_of(type) != "_start") {
      names.emplace_back(name_of(type));
      continue;
    }
    const wasm_functype_t* function = wasm_externtype_as_functype_const(wasm_exporttype_type(type));
    if (function != nullptr && wasm_functype_params(function)->size == 0 &&
        wasm_functype_results(function)->size == 0)
      return {};
    return fail(kind::kWasmCompileFailed,
                base::cat("`_start` of `", facts_.name,
                          "` is not a function without arguments and results"),
                facts_.name, "build the module as a program (WASI command)");
  }
  return fail(kind::kWasmCompileFailed,
              base::cat("`", facts_.name, "` has no `_start` to run; it exports ", list_of(names)),
              facts_.name,
              "build it as a program with a main function, not as a library (WASI reactor)");
}

Result<CompiledModule::LinkedPointer> CompiledModule::link_first() const {
  PERCH_TRY(check_start());
  const perch_linker_t* linker = code_.engine->linker.get();
  perch_linked_t* linked = nullptr;
  auto* error = perch_linker_link(linker, module_, &linked);
  if (error == nullptr)
    return std::make_shared<const LinkedCode>(std::move(code_), LinkedHandle(linked));
  const ErrorHandle owner(error);
  Bytes missing;
  perch_linker_missing(linker, module_, &missing.vec);
  const auto imports = missing_imports(*module_, missing.view());
  std::string lines;
  for (std::size_t i = 0; i < imports.size() && i < kMostImportsShown; ++i)
    lines += base::cat("\n  ", one_line(imports[i]));
  if (imports.size() > kMostImportsShown)
    lines += base::cat("\n  and ", imports.size() - kMostImportsShown, " more");
  return fail(
      kind::kWasmCapabilityDenied,
      base::cat("`", facts_.name, "` imports what guests do not get:", lines), facts_.name,
      "build it for WASI Preview 1 (wasm32-wasip1); besides that there is only `perch.http_*`");
}

CompiledModule::LinkedPointer CompiledModule::link_pooled() const {
  auto code = load_pooled_();
  perch_linked_t* linked = nullptr;
  if (!code)
    return nullptr;
  if (auto* error = perch_linker_link(code->engine->linker.get(), code->module.get(), &linked)) {
    wasmtime_error_delete(error);
    return nullptr;
  }
  return std::make_shared<const LinkedCode>(std::move(*code), LinkedHandle(linked));
}

Result<CompiledModule::LinkedPointer> CompiledModule::for_guest(std::uint64_t memory_bytes) const {
  std::call_once(first_once_, [this] { first_ = link_first(); });
  if (!*first_ || ++guests_ <= kGuestsBeforePool || memory_bytes > kPooledMemoryBytes)
    return *first_;
  std::call_once(pooled_once_, [this] { pooled_ = link_pooled(); });
  const LinkedPointer pooled = pooled_ == nullptr ? nullptr : LinkedCode::with_place(pooled_);
  return pooled != nullptr ? pooled : *first_;
}

std::shared_ptr<const LinkedCode>
LinkedCode::with_place(const std::shared_ptr<const LinkedCode>& code) {
  const auto taken = code->code_.engine->pooled;
  if (taken->fetch_add(1) < kMaxPooled)
    return {code.get(), [code, taken](const LinkedCode*) { --*taken; }};
  --*taken;
  return nullptr;
}

const Diversion* LinkedCode::diversion() const {
  std::call_once(diversion_once_,
                 [this] { diversion_ = make_diversion(*code_.engine->engine, *code_.module); });
  return diversion_.get();
}

} // namespace perch::lane

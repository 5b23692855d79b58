#include "lane/wasm/module_bytes.h"

#include "base/error_kinds.h"
#include "base/text.h"

#include <algorithm>
#include <cctype>

namespace perch::lane {

namespace {

constexpr std::string_view kMagic{"\0asm", 4};
constexpr std::string_view kCoreVersion{"\1\0\0\0", 4};
/// The component model's binaries have a 1 in the layer field, the upper half of the version.
constexpr std::string_view kComponentLayer{"\1\0", 2};

auto no_module(std::string_view name, std::string_view why, std::string help) {
  return fail(kind::kWasmCompileFailed,
              base::cat("`", name, "` is not a WebAssembly module: ", why), std::string(name),
              std::move(help));
}

bool looks_like_wat(std::string_view bytes) {
  auto start = std::find_if_not(bytes.begin(), bytes.end(), [](char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
  });
  auto text = bytes.substr(static_cast<std::size_t>(start - bytes.begin()));
  return text.starts_with("(module") || text.starts_with("(component") || text.starts_with(";;");
}

} // namespace

Status check_first_bytes(std::string_view name, std::string_view bytes) {
  if (bytes.empty())
    return no_module(name, "the file is empty", "build it again");
  if (looks_like_wat(bytes))
    return no_module(name, "it is the text format (WAT)", "assemble it first: wat2wasm FILE.wat");
  if (!kMagic.starts_with(bytes.substr(0, 4)))
    return no_module(name, "it does not begin with the bytes of one (`\\0asm`)",
                     "name the .wasm file that the compiler wrote");
  if (bytes.size() < 8)
    return no_module(name,
                     base::cat("the file ends after ",
                               base::plural(static_cast<std::int64_t>(bytes.size()), "byte")),
                     "it was cut off: build or copy it again");
  auto version = bytes.substr(4, 4);
  if (version.substr(2) == kComponentLayer)
    return no_module(name, "it is a component, and only core modules with WASI Preview 1 run here",
                     "build for the target wasm32-wasip1 (wasip1) instead of wasip2");
  if (version != kCoreVersion)
    return no_module(name, "its version is none that is known", "build it with a current compiler");
  return {};
}

Status check_pin(std::string_view name, std::string_view sha256, std::string_view pin) {
  if (pin.empty())
    return {};
  std::string wanted(pin.starts_with("sha256:") ? pin.substr(7) : pin);
  std::ranges::transform(wanted, wanted.begin(), [](unsigned char c) { return std::tolower(c); });
  if (wanted == sha256)
    return {};
  return fail(kind::kWasmHashMismatch,
              base::cat("`", name, "` has another digest than its pin: sha256:", sha256,
                        " instead of sha256:", wanted),
              std::string(name),
              "if the change was meant, pin the new digest; if not, do not run it");
}

} // namespace perch::lane

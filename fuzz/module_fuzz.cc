// The wasm lane, fed with anything: bytes that claim to be a module, and modules made here that
// call every import with any arguments. It may refuse and trap; it may not crash, run on past its
// deadline, or touch what is outside the mount.

#include "base/result.h"
#include "lane/lane.h"
#include "support/guest_imports.h"
#include "sys/cancel.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

using namespace perch;

namespace {

using test::GuestImport;
using test::kGuestImports;
constexpr std::size_t kImportCount = std::size(kGuestImports);

// ---- writing modules ----------------------------------------------------------------------------

void put_number(std::string& out, std::uint64_t value) {
  do {
    const auto low = static_cast<unsigned char>(value & 0x7f);
    value >>= 7;
    out += static_cast<char>(value != 0 ? low | 0x80 : low);
  } while (value != 0);
}

void put_signed(std::string& out, std::int64_t value) {
  for (;;) {
    const auto low = static_cast<unsigned char>(value & 0x7f);
    value >>= 7;
    const bool last = (value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0);
    out += static_cast<char>(last ? low : low | 0x80);
    if (last)
      return;
  }
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

void put_section(std::string& out, char id, const std::string& content) {
  out += id;
  put_text(out, content);
}

std::string types_section() {
  std::string out;
  put_number(out, kImportCount + 1);
  for (const GuestImport& import : kGuestImports) {
    out += '\x60';
    put_number(out, import.parameters.size());
    for (const char c : import.parameters)
      out += c == 'i' ? '\x7f' : '\x7e';
    put_number(out, import.result ? 1 : 0);
    if (import.result)
      out += '\x7f';
  }
  out += std::string_view("\x60\0\0", 3);
  return out;
}

std::string imports_section() {
  std::string out;
  put_number(out, kImportCount);
  for (std::size_t i = 0; i < kImportCount; ++i) {
    put_text(out, kGuestImports[i].module);
    put_text(out, kGuestImports[i].name);
    out += '\0';
    put_number(out, i);
  }
  return out;
}

/// Bytes that choose: zero when they are used up.
class Choices {
public:
  explicit Choices(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty())
      return 0;
    const auto first = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return first;
  }
  /// Mostly numbers that mean something: small, at the end of memory, negative.
  std::int64_t number() {
    constexpr std::array<std::int64_t, 16> kUsual = {
        0,     1,     2,    3,    4,          5,          8,          16,
        65528, 65535, 1024, 2048, 2147483647, 2147483648, 4294967295, INT64_MIN};
    const std::uint8_t first = byte();
    if (first < 0xc0)
      return kUsual[first % kUsual.size()];
    std::int64_t value = 0;
    for (int i = 0; i < (first & 7) + 1; ++i)
      value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << 8 | byte());
    return value;
  }

private:
  std::string_view bytes_;
};

std::string body_of(Choices& choices) {
  constexpr int kMostCalls = 200;
  std::string code(1, '\0'); // no locals
  for (int calls = 0; !choices.empty() && calls < kMostCalls; ++calls) {
    const std::size_t index = choices.byte() % kImportCount;
    const GuestImport& import = kGuestImports[index];
    for (const char c : import.parameters) {
      code += c == 'i' ? '\x41' : '\x42';
      const std::int64_t value = choices.number();
      put_signed(code, c == 'i' ? static_cast<std::int32_t>(value) : value);
    }
    code += '\x10';
    put_number(code, index);
    if (import.result)
      code += '\x1a';
  }
  return code + '\x0b';
}

/// A module of one memory, filled from the input, whose `_start` calls imports as the input says.
std::string calling_module(std::string_view input) {
  const std::size_t half = input.size() / 2;
  std::string memory(input.substr(0, half));
  Choices choices(input.substr(half));
  std::string out("\0asm\1\0\0\0", 8);
  put_section(out, 1, types_section());
  put_section(out, 2, imports_section());
  std::string functions(1, '\1');
  put_number(functions, kImportCount);
  put_section(out, 3, functions);
  put_section(out, 5, std::string("\1\0\1", 3));
  std::string exports(1, '\2');
  put_text(exports, "memory");
  exports += std::string_view("\2\0", 2);
  put_text(exports, "_start");
  exports += '\0';
  put_number(exports, kImportCount);
  put_section(out, 7, exports);
  std::string code(1, '\1');
  put_text(code, body_of(choices));
  put_section(out, 10, code);
  std::string data("\1\0\x41\x80\x08\x0b", 6); // at 1024
  put_text(data, memory.substr(0, 60000));
  put_section(out, 11, data);
  return out;
}

// ---- running them -------------------------------------------------------------------------------

/// A directory that is mounted, and a file beside it that must stay as it is.
struct Place {
  std::filesystem::path root;
  Place() {
    std::string name = (std::filesystem::temp_directory_path() / "perch-fuzz-XXXXXX").string();
    PERCH_ASSERT(::mkdtemp(name.data()) != nullptr);
    root = name;
    std::ofstream(root / "secret") << "secret";
    reset();
  }
  ~Place() { std::filesystem::remove_all(root); }
  void reset() const {
    std::filesystem::remove_all(root / "mount");
    std::filesystem::create_directories(root / "mount/sub");
    std::ofstream(root / "mount/file") << "text";
    std::filesystem::create_symlink("../secret", root / "mount/up");
  }
  [[nodiscard]] bool untouched() const {
    std::string text;
    std::ifstream(root / "secret") >> text;
    return text == "secret" && std::distance(std::filesystem::directory_iterator(root), {}) == 2;
  }
};

void run(lane::WasmLane& lane, const Place& place, std::string_view module) {
  const auto loaded = lane.load("fuzz.wasm", module, {}, lane::Metering::Fuel);
  if (!loaded)
    return;
  lane::GuestSpec spec;
  spec.argv = {"fuzz.wasm", "argument"};
  spec.env = {{"NAME", "value"}};
  spec.mounts = {{.host = (place.root / "mount").string(), .guest = "/rw", .writable = true},
                 {.host = (place.root / "mount/sub").string(), .guest = "/ro", .writable = false}};
  spec.stdio = {-1, -1, -1};
  spec.memory_bytes = 4 << 20;
  spec.fuel = 1'000'000;
  spec.cancel = sys::CancelToken::root()->child(std::chrono::steady_clock::now() +
                                                std::chrono::milliseconds(50));
  spec.http = [](const op::HttpRequest& request) -> Result<op::HttpResponse> {
    return op::HttpResponse{
        .status = 200, .headers = {{"content-type", "text/plain"}}, .body = request.url};
  };
  auto job = lane.start(*loaded, spec);
  if (job)
    static_cast<void>((*job)->finish());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Place place;
  // A lane keeps every module it has seen.
  static std::unique_ptr<lane::WasmLane> lane;
  static int runs = 0;
  if (runs++ % 500 == 0)
    lane = lane::make_wasm_lane({.tier = lane::WasmOptions::Tier::Quick});
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.starts_with(std::string_view("\0asm", 4))) {
    run(*lane, place, input);
  } else {
    run(*lane, place, calling_module(input));
  }
  PERCH_ASSERT(place.untouched());
  place.reset();
  return 0;
}

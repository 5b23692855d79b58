#include "lane/wasm/code_store.h"

#include "base/error_kinds.h"
#include "base/text.h"

namespace perch::lane {

namespace {

std::string entry_name(const RunEngine& engine, const CodeWanted& wanted, Quality quality) {
  return base::cat(wanted.sha256, '-', engine.identity,
                   quality == Quality::Full ? "-full" : "-quick");
}

} // namespace

CodeStore::CodeStore(WasmOptions options)
    : options_(std::move(options)), compiler_(options_.compiler) {}

void CodeStore::warn(const std::string& reason) {
  std::call_once(warned_, [&] {
    const std::lock_guard lock(telling_mutex_);
    if (options_.cache_warning)
      options_.cache_warning(reason);
  });
}

void CodeStore::tell_compiling(std::string_view sha256, bool started) {
  const std::lock_guard lock(telling_mutex_);
  if (options_.compiling)
    options_.compiling(sha256, started);
}

void CodeStore::fall_silent() {
  const std::lock_guard lock(telling_mutex_);
  options_.cache_warning = nullptr;
  options_.compiling = nullptr;
}

const DiskCache* CodeStore::cache() {
  std::call_once(cache_once_, [this] {
    if (options_.cache_directory.empty())
      return;
    if (auto opened = DiskCache::open(options_.cache_directory)) {
      cache_.emplace(std::move(*opened));
    } else {
      warn(opened.error().message);
    }
  });
  return cache_ ? &*cache_ : nullptr;
}

Quality CodeStore::first_quality() const {
  return options_.tier == WasmOptions::Tier::Full ? Quality::Full : Quality::Quick;
}

std::optional<Code> CodeStore::map(const RunEngine& engine, const std::string& name) {
  auto file = cache()->find(name);
  if (!file)
    return std::nullopt;
  auto module = map_code(*engine.engine, file->get());
  if (!module) {
    cache()->remove(name);
    return std::nullopt;
  }
  return Code{.module = std::move(*module), .file = std::move(*file)};
}

std::optional<Code> CodeStore::look(const RunEngine& engine, const CodeWanted& wanted) {
  const auto find = [&](Quality quality) {
    auto code = map(engine, entry_name(engine, wanted, quality));
    if (code) {
      code->from = Module::From::Disk;
      code->quality = quality;
    }
    return code;
  };
  std::optional<Code> code;
  if (options_.tier != WasmOptions::Tier::Quick)
    code = find(Quality::Full);
  if (!code && options_.tier != WasmOptions::Tier::Full)
    code = find(Quality::Quick);
  return code;
}

Result<sys::MappedFile> CodeStore::compile_now(const CodeWanted& wanted, Quality quality) {
  tell_compiling(wanted.sha256, true);
  auto code = compiler_.compile(
      {.name = wanted.name, .bytes = wanted.bytes, .metering = wanted.metering, .quality = quality},
      wanted.wanted);
  tell_compiling(wanted.sha256, false);
  return code;
}

Result<std::string> CodeStore::portable(std::string_view name, std::string_view bytes,
                                        Metering metering) {
  PERCH_TRY_ASSIGN(
      const auto code,
      compiler_.compile(
          {.name = name, .bytes = bytes, .metering = metering, .quality = Quality::Portable},
          nullptr));
  return std::string(code.bytes());
}

Result<Code> CodeStore::make(const RunEngine& engine, const CodeWanted& wanted) {
  PERCH_TRY_ASSIGN(const sys::MappedFile code, compile_now(wanted, first_quality()));
  if (cache() != nullptr) {
    const std::string name = entry_name(engine, wanted, first_quality());
    if (auto stored = cache()->store(name, code.bytes()); !stored) {
      warn(stored.error().message);
    } else {
      cache()->trim(options_.cache_limit_bytes);
      if (auto mapped = map(engine, name)) {
        mapped->quality = first_quality();
        return std::move(*mapped);
      }
    }
  }
  PERCH_TRY_ASSIGN(ModuleHandle module, deserialize(*engine.engine, code.bytes()));
  return Code{.module = std::move(module), .file = {}, .quality = first_quality()};
}

std::optional<Code> CodeStore::find(const RunEngine& engine, const CodeWanted& wanted) {
  if (cache() == nullptr)
    return std::nullopt;
  auto code = look(engine, wanted);
  if (!code || code->quality == Quality::Full || !improves() ||
      cache()->is_claimed(entry_name(engine, wanted, Quality::Full)))
    return code;
  if (wanted.bytes.empty())
    return std::nullopt; // the background compiler needs them
  improve_later(engine, wanted);
  return code;
}

std::string CodeStore::known_digest(const sys::FileMark& file) {
  return cache() == nullptr ? std::string() : cache()->known_digest(file);
}

void CodeStore::remember_digest(const sys::FileMark& file, std::time_t read_at_s,
                                const std::string& sha256) {
  if (cache() != nullptr && file.is_settled(read_at_s) && cache()->known_digest(file) != sha256)
    cache()->remember_digest(file, sha256);
}

Result<Code> CodeStore::get(const RunEngine& engine, const CodeWanted& wanted) {
  if (cache() == nullptr)
    return make(engine, wanted);
  // One process compiles; the others find its work when the lock is theirs.
  auto lock = cache()->lock(entry_name(engine, wanted, first_quality()));
  if (!lock)
    warn(lock.error().message);
  auto code = look(engine, wanted);
  if (!code) {
    PERCH_TRY_ASSIGN(code, make(engine, wanted));
  }
  if (code->quality == Quality::Quick)
    improve_later(engine, wanted);
  return std::move(*code);
}

Status CodeStore::warm(const RunEngine& engine, const CodeWanted& wanted) {
  if (cache() == nullptr)
    return fail(kind::kCacheError, "there is no usable cache of compiled code",
                options_.cache_directory);
  const std::string name = entry_name(engine, wanted, Quality::Full);
  PERCH_TRY_ASSIGN(const sys::Fd lock, cache()->lock(name));
  if (map(engine, name))
    return {};
  PERCH_TRY_ASSIGN(const sys::MappedFile code, compile_now(wanted, Quality::Full));
  PERCH_TRY(cache()->store(name, code.bytes()));
  cache()->remove(entry_name(engine, wanted, Quality::Quick));
  cache()->trim(options_.cache_limit_bytes);
  return {};
}

bool CodeStore::improves() const {
  return options_.tier == WasmOptions::Tier::Auto && !options_.compiler.empty();
}

void CodeStore::improve_later(const RunEngine& engine, const CodeWanted& wanted) {
  if (!improves() || !background_.has_room() ||
      !cache()->claim(entry_name(engine, wanted, Quality::Full)))
    return;
  background_.start({.program = options_.compiler,
                     .cache_directory = options_.cache_directory,
                     .cache_limit_bytes = options_.cache_limit_bytes,
                     .metering = wanted.metering,
                     .module = wanted.bytes});
}

} // namespace perch::lane

#include "lane/process/start_error.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/os_error.h"

#include <cerrno>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace perch::lane {

namespace {

using base::cat;

std::string read_head(const std::string& path) {
  std::string head(4096, '\0');
  sys::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  ssize_t n = fd ? ::pread(fd.get(), head.data(), head.size(), 0) : 0;
  head.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return head;
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0;
}

Error error(std::string_view kind, std::string message, const ChildSpec& spec, std::string help) {
  return fail(kind, std::move(message), spec.program, std::move(help)).error();
}

// ENOENT: the file, or what the kernel needs to run it.
Error not_found(const ChildSpec& spec) {
  const std::string& program = spec.program;
  if (!exists(program)) {
    return error(kind::kBinNotFound, cat("cannot start `", program, "`: there is no such file"),
                 spec, {});
  }
  std::string head = read_head(program);
  if (std::string_view interpreter = script_interpreter(head); !interpreter.empty()) {
    if (interpreter.ends_with('\r')) {
      return error(kind::kBinNotFound,
                   cat("cannot start `", program, "`: its `#!` line ends in a carriage return"),
                   spec, "save the script with Unix line ends");
    }
    return error(kind::kBinNotFound,
                 cat("cannot start `", program, "`: its `#!` line names `", interpreter,
                     "`, which does not exist"),
                 spec, "install that interpreter, or correct the first line of the script");
  }
  if (std::string_view loader = elf_loader(head); !loader.empty()) {
    return error(kind::kBinNotFound,
                 cat("cannot start `", program, "`: it needs the program loader `", loader,
                     "`, which does not exist"),
                 spec,
                 "it was built for another C library; install one that was built for this system");
  }
  return error(kind::kBinNotFound,
               cat("cannot start `", program, "`: what it needs to run does not exist"), spec, {});
}

Error wrong_format(const ChildSpec& spec) {
  std::string head = read_head(spec.program);
  std::string format = foreign_format(head);
  if (head.empty())
    format = "is empty";
  if (!format.empty()) {
    return error(kind::kFileError, cat("cannot start `", spec.program, "`: it ", format), spec, {});
  }
  return error(kind::kFileError,
               cat("cannot start `", spec.program,
                   "`: not an executable format; a script needs a `#!` line"),
               spec, "begin the script with a line like `#!/bin/sh`");
}

Error not_permitted(const ChildSpec& spec) {
  const std::string& program = spec.program;
  auto denied = [&](std::string_view why, std::string help) {
    return error(kind::kFilePermissionDenied, cat("cannot start `", program, "`: ", why), spec,
                 std::move(help));
  };
  struct stat status{};
  if (::stat(program.c_str(), &status) != 0)
    return denied("permission denied", {});
  if (S_ISDIR(status.st_mode))
    return denied("it is a directory", {});
  if (!S_ISREG(status.st_mode))
    return denied("it is not a file", {});
  if ((status.st_mode & 0111) == 0) {
    return denied("it is not executable",
                  cat("make it so: `chmod +x ", base::shell_quote(program), "`"));
  }
  struct statvfs system{};
  if (::statvfs(program.c_str(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0) {
    return denied("its file system is mounted noexec", "move it to another file system");
  }
  std::string head = read_head(program);
  std::string_view interpreter = script_interpreter(head);
  if (!interpreter.empty() && ::access(std::string(interpreter).c_str(), X_OK) != 0) {
    return denied(cat("its interpreter `", interpreter, "` may not be executed"), {});
  }
  if (spec.confinement.limit_files) {
    return denied("the declared read paths do not hold it, or what it needs to run",
                  "declare its directory with `read`");
  }
  return denied("permission denied", {});
}

// The kernel's limit for one string (MAX_ARG_STRLEN): 32 pages.
std::size_t longest_argument() { return 32 * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

Error too_big(const ChildSpec& spec) {
  std::size_t total = 0, longest = 0;
  for (const auto* list : {&spec.argv, &spec.env}) {
    for (const std::string& text : *list) {
      total += text.size() + 1 + sizeof(char*);
      longest = std::max(longest, text.size() + 1);
    }
  }
  std::string why =
      longest > longest_argument()
          ? cat("one argument or variable has ", longest - 1,
                " bytes, and the system takes at most ", longest_argument() - 1)
          : cat("arguments and environment have ", total,
                " bytes together, and the system takes at most ", ::sysconf(_SC_ARG_MAX));
  return error(kind::kBadArgument, cat("cannot start `", spec.program, "`: ", why), spec,
               "pass long data through a file or standard input");
}

} // namespace

Error exec_error(const ChildSpec& spec, int number) {
  switch (number) {
  case ENOENT:
  case ENOTDIR:
    return not_found(spec);
  case ENOEXEC:
    return wrong_format(spec);
  case EACCES:
    return not_permitted(spec);
  case E2BIG:
    return too_big(spec);
  case ETXTBSY:
    return error(kind::kFileError,
                 cat("cannot start `", spec.program, "`: another process is writing to it"), spec,
                 {});
  default:
    return sys::os_fail(number, "start", spec.program).error();
  }
}

std::string_view script_interpreter(std::string_view head) {
  if (!head.starts_with("#!"))
    return {};
  std::string_view line = head.substr(2, head.find('\n') - 2);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return line.substr(0, line.find_first_of(" \t"));
}

static std::string machine_name(unsigned machine) {
  switch (machine) {
  case EM_X86_64:
    return "x86-64";
  case EM_AARCH64:
    return "aarch64";
  case EM_386:
    return "i386";
  case EM_ARM:
    return "arm";
  case EM_RISCV:
    return "riscv";
  case EM_PPC64:
    return "ppc64";
  case EM_S390:
    return "s390";
  default:
    return cat("machine ", machine);
  }
}

std::string foreign_format(std::string_view head) {
  if (head.starts_with("MZ"))
    return "is a Windows program";
  for (std::string_view magic : {"\xcf\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\xca\xfe\xba\xbe"}) {
    if (head.starts_with(magic))
      return "is a macOS program";
  }
  if (head.starts_with(std::string_view("\0asm", 4))) {
    return "is a WebAssembly module; run it with `wasm_run`";
  }
  if (!head.starts_with(ELFMAG) || head.size() < sizeof(Elf64_Ehdr))
    return {};
  std::uint16_t machine = 0;
  std::memcpy(&machine, head.data() + offsetof(Elf64_Ehdr, e_machine), sizeof machine);
  return cat("is not a program for this processor or system (", machine_name(machine), ")");
}

std::string_view elf_loader(std::string_view head) {
  Elf64_Ehdr file{};
  if (!head.starts_with(ELFMAG) || head.size() < sizeof file)
    return {};
  std::memcpy(&file, head.data(), sizeof file);
  if (file.e_ident[EI_CLASS] != ELFCLASS64)
    return {};
  for (unsigned i = 0; i < file.e_phnum; ++i) {
    Elf64_Phdr part{};
    std::uint64_t at = file.e_phoff + std::uint64_t{i} * sizeof part;
    if (at > head.size() || head.size() - at < sizeof part)
      return {};
    std::memcpy(&part, head.data() + at, sizeof part);
    if (part.p_type != PT_INTERP)
      continue;
    if (part.p_offset > head.size() || head.size() - part.p_offset < part.p_filesz)
      return {};
    std::string_view path = head.substr(part.p_offset, part.p_filesz);
    return path.substr(0, path.find('\0'));
  }
  return {};
}

} // namespace perch::lane

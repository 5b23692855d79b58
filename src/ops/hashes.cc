// Digests of texts and files, in lower-case hex.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "sys/digest.h"

namespace perch::ops {

using op::Call;
using op::Cap;
using op::OpDecl;
using op::Type;
using op::Value;
using sys::DigestKind;

namespace {

template <DigestKind kKind>
Result<Value> of_text(Call& call) {
  return Value(sys::hex_digest(kKind, call.text(0)));
}

Result<std::string> file_digest(Call& call, DigestKind kind) {
  sys::Digest digest(kind);
  PERCH_TRY(call.files().read_stream(call.text(0), [&](std::string_view bytes) {
    digest.update(bytes);
    return call.check_cancelled();
  }));
  return digest.hex();
}

template <DigestKind kKind>
Result<Value> of_file(Call& call) {
  PERCH_TRY_ASSIGN(std::string hex, file_digest(call, kKind));
  return Value(std::move(hex));
}

Result<Value> verify_sha256(Call& call) {
  PERCH_TRY_ASSIGN(const std::string expected, sys::parse_sha256(call.text(1)));
  PERCH_TRY_ASSIGN(const std::string actual, file_digest(call, DigestKind::Sha256));
  return Value::boolean(actual == expected);
}

Result<Value> assert_sha256(Call& call) {
  PERCH_TRY_ASSIGN(const std::string expected, sys::parse_sha256(call.text(1)));
  PERCH_TRY_ASSIGN(const std::string actual, file_digest(call, DigestKind::Sha256));
  if (actual == expected)
    return Value();
  return fail(kind::kAssertFailed, base::cat("`", call.text(0), "` has another SHA-256 digest"),
              base::cat("actual ", actual, ", expected ", expected));
}

constexpr std::array<op::Param, 6> kText = {{{.name = "text", .type = Type::Any}}};
constexpr std::array<op::Param, 6> kPath = {{{.name = "path", .type = Type::Path}}};
constexpr std::array<op::Param, 6> kPathAndDigest = {
    {{.name = "path", .type = Type::Path},
     {.name = "digest",
      .type = Type::Text,
      .about = "64 hex digits, `sha256:` before them or not"}}};
constexpr std::array<op::Need, 3> kReadPath = {{{.cap = Cap::Read, .subject = "path"}}};

constexpr OpDecl kTable[] = {
    {.name = "sha256",
     .family = op::Family::Hashes,
     .summary = "SHA-256 of the text's bytes.",
     .params = kText,
     .returns = Type::Text,
     .example =
         R"(h = sha256 "abc"  # => ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad)",
     .run = of_text<DigestKind::Sha256>},
    {.name = "sha512",
     .family = op::Family::Hashes,
     .summary = "SHA-512 of the text's bytes.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(h = sha512 "abc"
n = length h  # => 128)",
     .run = of_text<DigestKind::Sha512>},
    {.name = "sha1",
     .family = op::Family::Hashes,
     .summary = "SHA-1 of the text's bytes; broken, for old checksums only.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(h = sha1 "abc"  # => a9993e364706816aba3e25717850c26c9cd0d89d)",
     .run = of_text<DigestKind::Sha1>},
    {.name = "md5",
     .family = op::Family::Hashes,
     .summary = "MD5 of the text's bytes; broken, for old checksums only.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(h = md5 "abc"  # => 900150983cd24fb0d6963f7d28e17f72)",
     .run = of_text<DigestKind::Md5>},
    {.name = "crc32",
     .family = op::Family::Hashes,
     .summary = "CRC-32 (IEEE) of the text's bytes, eight hex digits.",
     .params = kText,
     .returns = Type::Text,
     .example = R"(h = crc32 "123456789"  # => cbf43926)",
     .run = of_text<DigestKind::Crc32>},
    {.name = "sha256_file",
     .family = op::Family::Hashes,
     .summary = "SHA-256 of a file.",
     .params = kPath,
     .returns = Type::Text,
     .needs = kReadPath,
     .example = R"(write_file "a.txt" "abc"
h = sha256_file "a.txt"  # => ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad)",
     .run = of_file<DigestKind::Sha256>},
    {.name = "sha512_file",
     .family = op::Family::Hashes,
     .summary = "SHA-512 of a file.",
     .params = kPath,
     .returns = Type::Text,
     .needs = kReadPath,
     .example = R"(write_file "a.txt" "abc"
h = sha512_file "a.txt"
n = length h  # => 128)",
     .run = of_file<DigestKind::Sha512>},
    {.name = "sha1_file",
     .family = op::Family::Hashes,
     .summary = "SHA-1 of a file; broken, for old checksums only.",
     .params = kPath,
     .returns = Type::Text,
     .needs = kReadPath,
     .example = R"(write_file "a.txt" "abc"
h = sha1_file "a.txt"  # => a9993e364706816aba3e25717850c26c9cd0d89d)",
     .run = of_file<DigestKind::Sha1>},
    {.name = "md5_file",
     .family = op::Family::Hashes,
     .summary = "MD5 of a file; broken, for old checksums only.",
     .params = kPath,
     .returns = Type::Text,
     .needs = kReadPath,
     .example = R"(write_file "a.txt" "abc"
h = md5_file "a.txt"  # => 900150983cd24fb0d6963f7d28e17f72)",
     .run = of_file<DigestKind::Md5>},
    {.name = "verify_sha256",
     .family = op::Family::Hashes,
     .summary = "Whether a file has the SHA-256 digest.",
     .params = kPathAndDigest,
     .returns = Type::Bool,
     .needs = kReadPath,
     .example = R"(write_file "a.txt" "abc"
h = sha256 "abc"
same = verify_sha256 "a.txt" "sha256:${h}"  # => true)",
     .run = verify_sha256},
    {.name = "assert_sha256",
     .family = op::Family::Hashes,
     .summary = "Fails unless a file has the SHA-256 digest.",
     .params = kPathAndDigest,
     .needs = kReadPath,
     .example = R"(write_file "a.txt" "abc"
h = sha256 "abc"
assert_sha256 "a.txt" "${h}")",
     .bare_names = false,
     .run = assert_sha256},
};

} // namespace

extern const std::span<const OpDecl> kHashesOps;
const std::span<const OpDecl> kHashesOps{kTable};

} // namespace perch::ops

#include "cli/context.h"

#include "base/text.h"
#include "sys/fs.h"

namespace perch::cli {

void Context::out(std::string_view text) const {
  if (unwritten != nullptr && *unwritten)
    return;
  const Status written = sys::write_all(world.out, text, "standard output");
  if (!written && unwritten != nullptr && written.error().code_name != "EPIPE")
    *unwritten = written.error();
}

void Context::err(std::string_view text) const {
  (void)sys::write_all(world.err, text, "standard error");
}

void Context::report(const diag::Diag& diag) const { err(diag::render(diag, sources, color_err)); }

void Context::report(diag::Diags& diags) const {
  diags.sort();
  std::string text;
  for (const diag::Diag& diag : diags.all()) {
    if (!text.empty())
      text += '\n';
    text += diag::render(diag, sources, color_err);
  }
  if (diags.dropped() > 0) {
    text += base::cat("\nand ", diags.dropped(), " more\n");
  }
  err(text);
}

void Context::report(const Error& error) const { report(placeless(error)); }

diag::Diag placeless(const Error& error) {
  diag::Diag diag{.id = error.kind, .message = error.message, .help = error.help};
  if (!error.note.empty())
    diag.notes.push_back(error.note);
  return diag;
}

diag::Color color_for(const Options& options, const sys::World& world, int fd) {
  if (options.color != When::Auto) {
    return options.color == When::Always ? diag::Color::On : diag::Color::Off;
  }
  const auto no_color = world.env.get("NO_COLOR");
  if (no_color && !no_color->empty())
    return diag::Color::Off;
  const auto term = world.env.get("TERM");
  if (term && *term == "dumb")
    return diag::Color::Off;
  return world.host.is_tty(fd) ? diag::Color::On : diag::Color::Off;
}

} // namespace perch::cli

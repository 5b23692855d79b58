#include "base/text.h"
#include "trace/json_text.h"
#include "trace/report.h"
#include "trace/report_page.h"

namespace perch::trace {

namespace {

using base::cat;
using Outcome = SpanNode::Outcome;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
    }
  }
  return out;
}

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
  case Outcome::Failed:
    return "failed";
  case Outcome::Skipped:
    return "skipped";
  case Outcome::Cached:
    return "cached";
  case Outcome::Running:
    return "running";
  case Outcome::Ok:
    break;
  }
  return "ok";
}

/// The run as JSON: its facts, and the spans in the order they are shown, each with its depth. The
/// page's script knows the keys; they are short since they come with every span.
class PageData {
public:
  explicit PageData(const SpanTree& tree) : tree_(tree), out_(JsonText::Html::Safe) {}

  std::string run() {
    out_.begin_object();
    add_session();
    out_.key("spans");
    out_.begin_array();
    for (const std::uint32_t root : tree_.roots())
      add(root, 0);
    out_.end_array();
    out_.end_object();
    return out_.take();
  }

private:
  void add_session() {
    const SessionFacts& session = tree_.session();
    const std::pair<std::string_view, std::string> facts[] = {
        {"program", cat(session.program, session.version.empty() ? "" : " ", session.version)},
        {"command", session.command},
        {"arguments", base::join(session.words, " ")},
        {"started", utc_text(session.unix_ns)},
        {"directory", session.directory},
        {"script", session.script},
        {"policy", base::join(session.layers, ", ")},
        {"error", session.error}};
    out_.key("facts");
    out_.begin_array();
    for (const auto& [name, value] : facts) {
      if (!value.empty())
        add_pair(name, value);
    }
    out_.end_array();
    out_.field("ok", session.ok);
    out_.field("exit", static_cast<std::int64_t>(session.code));
    out_.field("folded", static_cast<std::int64_t>(tree_.folded()));
    out_.field("us", session.duration_ns / 1'000);
  }

  void add_pair(std::string_view name, std::string_view value) {
    out_.begin_array();
    out_.value(name);
    out_.value(value);
    out_.end_array();
  }

  void add(std::uint32_t index, std::int64_t depth) {
    const SpanNode& node = tree_.node(index);
    out_.begin_object();
    out_.field("d", depth);
    out_.field("l", std::string_view(span_label(node)));
    out_.field("o", outcome_name(node.outcome));
    out_.field("s", node.start_ns / 1'000);
    out_.field("t", node.duration_ns / 1'000);
    if (!node.error.empty())
      out_.field("e", std::string_view(node.error));
    if (node.folded > 0) {
      out_.field("n", static_cast<std::int64_t>(node.folded));
      out_.field("nf", static_cast<std::int64_t>(node.folded_failed));
      out_.field("nt", node.folded_ns / 1'000);
    }
    add_details(node);
    out_.end_object();
    for (const std::uint32_t child : node.children)
      add(child, depth + 1);
  }

  void add_details(const SpanNode& node) {
    out_.key("a");
    out_.begin_array();
    if (!node.position.empty())
      add_pair("at", node.position);
    if (!node.command.empty())
      add_pair("command line", node.command);
    for (const auto& [name, value] : node.details)
      add_pair(name, value);
    if (!node.from_template.empty())
      add_pair("from template", node.from_template);
    if (!node.from_import.empty())
      add_pair("from import", node.from_import);
    out_.end_array();
  }

  const SpanTree& tree_;
  JsonText out_;
};

} // namespace

std::string report_html(const SpanTree& tree) {
  const SessionFacts& session = tree.session();
  const std::string title =
      escaped(cat(session.ok ? "✓ " : "✗ ", session.command, " – perch report"));
  // Without scripts the page still shows the tree.
  std::string page = cat(page_head(), "<title>", title, "</title>\n<style>\n", page_style(),
                         "</style>\n</head>\n<body>\n", page_body(), "<noscript><pre>",
                         escaped(report_text(tree, Paint::No)), "</pre></noscript>\n",
                         "<script type=\"application/json\" id=\"data\">", PageData(tree).run(),
                         "</script>\n<script>\n");
  for (const std::string_view part : page_scripts())
    page += part;
  page += "</script>\n</body>\n</html>\n";
  return page;
}

} // namespace perch::trace

// json (an array, written as the rows come) and jsonl.
#include "cmd/json_text.hpp"
#include "cmd/rows.hpp"

namespace ringctl::cmd {
namespace {

class Json final : public RowFormat {
 public:
  explicit Json(RowTarget target)
      : target_(std::move(target)),
        lines_(target_.style.format == Format::jsonl),
        pretty_(target_.style.pretty && !lines_) {
    for (const auto& column : target_.columns) {
      auto& key = keys_.emplace_back(keys_.empty() ? "" : ",");
      if (pretty_) key.append("\n    ");
      append_json(key, column.name);
      key.append(pretty_ ? ": " : ":");
    }
  }

  void begin() override {
    if (!lines_) target_.output.buffer().push_back('[');
  }

  void row(std::span<const Cell> cells) override {
    auto& out = target_.output.buffer();
    if (!lines_ && !first_) out.push_back(',');
    if (pretty_)
      out.append("\n  ");
    else if (!lines_ && !first_)
      out.push_back('\n');
    first_ = false;
    out.push_back('{');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out.append(keys_[i]);
      append_json_cell(out, target_.columns[i], cells[i], target_.times);
    }
    out.append(pretty_ ? "\n  }" : "}");
    if (lines_) out.push_back('\n');
  }

  void end() override {
    if (lines_) return;
    target_.output.buffer().append(pretty_ && !first_ ? "\n]\n" : "]\n");
  }

 private:
  RowTarget target_;
  bool lines_, pretty_, first_ = true;
  std::vector<std::string> keys_;
};

}  // namespace

void append_json_cell(std::string& out, const Column&, const Cell& cell, TimeText& times) {
  const auto& value = cell.value();
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    append_json(out, *text);
  } else if (cell.is_null()) {
    out.append("null");
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    append_integer(out, *number);
  } else if (const auto* yes = std::get_if<bool>(&value)) {
    out.append(*yes ? "true" : "false");
  } else if (const auto* real = std::get_if<double>(&value)) {
    append_json(out, *real);
  } else if (const auto* at = std::get_if<base::Instant>(&value)) {
    out.push_back('"');
    times.append(out, *at);
    out.push_back('"');
  } else {
    const auto raw = std::get<RawJson>(value).text;
    out.append(raw.empty() ? "null" : raw);
  }
}

std::unique_ptr<RowFormat> make_json(RowTarget target) { return std::make_unique<Json>(std::move(target)); }

}  // namespace ringctl::cmd

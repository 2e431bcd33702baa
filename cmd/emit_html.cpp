// html: a page with one table, of the columns that a table on the terminal shows.
#include <fmt/format.h>

#include "base/build_info.hpp"
#include "cmd/rows.hpp"
#include "report/html.hpp"

namespace ringctl::cmd {
namespace {

class Html final : public RowFormat {
 public:
  explicit Html(RowTarget target)
      : target_(std::move(target)),
        page_([this](std::string_view text) { target_.output.buffer().append(text); }, head()) {}

  void begin() override {
    std::vector<report::HtmlColumn> columns;
    for (const auto& column : target_.columns)
      columns.push_back({std::string(column.name), is_number(column.type)});
    page_.begin_table(target_.title, std::move(columns));
  }

  void row(std::span<const Cell> cells) override {
    texts_.resize(cells.size());
    shown_.clear();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      texts_[i].clear();
      if (cells[i].is_null())
        texts_[i] = target_.style.null_text.value_or("");
      else
        append_display_cell(texts_[i], target_.columns[i], cells[i], target_.times);
      shown_.push_back({texts_[i], -1, i == 0});
    }
    page_.row(shown_);
  }

  void end() override {
    page_.end_table();
    page_.end();
  }

 private:
  report::HtmlHead head() {
    std::string made;
    target_.times.append_local(made, target_.made_at);
    return {.title = target_.title,
            .subtitle = target_.subtitle,
            .made = fmt::format("Made {} ({}) by ringctl {}", made, target_.times.people_zone().name(),
                                base::build_info().version)};
  }

  RowTarget target_;
  report::HtmlPage page_;
  std::vector<std::string> texts_;
  std::vector<report::HtmlCell> shown_;
};

}  // namespace

std::unique_ptr<RowFormat> make_html(RowTarget target) { return std::make_unique<Html>(std::move(target)); }

}  // namespace ringctl::cmd

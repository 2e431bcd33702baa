#pragma once
// A noun that exists in tests only: boxes with a two-column key, free text and a unique tag, kept in memory.

#include <algorithm>
#include <string>
#include <vector>

#include "bulk/adapter.hpp"

namespace ringctl::test {

class Boxes final : public bulk::Adapter {
 public:
  enum : std::size_t { k_shelf, k_name, k_colour, k_note, k_tag };

  std::string_view noun() const override { return "boxes"; }
  std::string_view object_type() const override { return "box"; }
  std::size_t key_columns() const override { return 2; }
  std::span<const bulk::Column> columns() const override {
    static const std::vector<bulk::Column> k_columns{{"shelf", {"rack"}},
                                                     {"name", {"box_name", "title"}},
                                                     {"colour", {"color"}, false, "grey"},
                                                     {"note", {}, true},
                                                     {"tag", {"rfid"}}};
    return k_columns;
  }
  std::span<const bulk::Unique> uniques() const override {
    static constexpr bulk::Unique k_uniques[] = {{k_tag, "tag_taken"}};
    return k_uniques;
  }
  std::vector<std::string> unique_values(std::size_t, const bulk::Row& row) const override {
    if (row[k_tag].text.empty()) return {};
    return {std::string(row[k_tag].text)};
  }
  bool looks_like_key(std::string_view text) const override { return text.starts_with('#'); }

  /// Upper case, except the note. "BAD" is refused, "ODD" is accepted with a warning.
  bool canonical(std::size_t column, std::string_view text, const bulk::Reading&, std::string& out,
                 base::Finding& finding) const override {
    out = text;
    if (column != k_note)
      std::transform(out.begin(), out.end(), out.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (out == "ODD") finding = {"odd", "ODD is odd"};
    if (out != "BAD") return true;
    finding = {"bad", "BAD is bad"};
    return false;
  }
  /// A red box has no note.
  bool check(bulk::Row& row, std::size_t& column, base::Finding& finding) const override {
    column = k_note;
    if (row[k_colour].text != "RED" || row[k_note].state != bulk::CellState::value) return true;
    finding = {"red_note", "a red box has no note"};
    return false;
  }

  void look_up(db::Connection&, const base::Uuid&, std::span<const std::string_view>,
               const std::function<void(bulk::Existing&&)>&) override {}
  void find_holders(db::Connection&, const base::Uuid&, std::size_t, std::span<const std::string_view>,
                    const std::function<void(std::string_view, std::string_view)>&) override {}
  std::unique_ptr<bulk::Inserter> inserter(audit::Session&, const base::Uuid&, const base::Uuid&) override {
    return nullptr;
  }
  std::int64_t update(audit::Session&, const base::Uuid&, std::span<const bulk::Update>) override {
    return 0;
  }
  std::optional<base::Uuid> made_by(db::Connection&, const base::Uuid&, std::string_view) override {
    return std::nullopt;
  }
  std::int64_t remove_made_by(db::Connection&, const base::Uuid&, const base::Uuid&,
                              const bulk::KeptRows&) override {
    return 0;
  }
  bulk::Restored restore(audit::Session&, const base::Uuid&, const bulk::Replaced&) override {
    return bulk::Restored::gone;
  }
};

}  // namespace ringctl::test

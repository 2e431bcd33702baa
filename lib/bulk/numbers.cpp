#include "bulk/numbers.hpp"

#include <algorithm>
#include <optional>

#include "estate/number_fields.hpp"
#include "estate/number_rows.hpp"
#include "phone/e164.hpp"
#include "records/values.hpp"

namespace ringctl::bulk {
namespace {

using namespace estate;

estate::NumberCells number_cells(const std::vector<std::string>& cells) {
  estate::NumberCells out;
  std::copy(cells.begin(), cells.end(), out.begin());
  return out;
}

class NumbersInserter final : public Inserter {
 public:
  NumbersInserter(audit::Session& session, const base::Uuid& workspace, const base::Uuid& job)
      : insert_(session, workspace, job) {}

  void add(std::span<const Row> rows) override {
    NumberCells cells;
    for (const auto& row : rows) {
      std::transform(row.begin(), row.end(), cells.begin(), [](const Cell& cell) { return cell.text; });
      if (row[k_country_code].state == CellState::absent) cells[k_country_code] = k_own_country;
      insert_.add(cells);
    }
  }
  void finish() override { insert_.finish(); }

 private:
  NumberInsert insert_;
};

class NumbersAdapter final : public Adapter {
 public:
  std::string_view noun() const override { return "numbers"; }
  std::string_view object_type() const override { return "number"; }
  std::optional<std::size_t> country_column() const override { return k_country_code; }
  db::Door door() const override { return db::Door::number_holder; }

  std::span<const Column> columns() const override {
    static const std::vector<Column> k_columns{
        {"phone_number", {"number", "phone", "e164", "did", "phonenumber"}},
        {"provider", {"carrier"}, false, k_default_provider},
        {"country_code", {"country", "iso_country"}},
        {"label", {"friendly_name", "name", "description"}, true},
        {"status", {"state"}, false, k_default_status, true},
        {"capabilities", {"capability"}},
        {"sid", {"phone_sid", "phone_number_sid"}},
        {"record_policy", {"recording_policy"}},
        {"sms_mode", {}, false, k_default_sms_mode},
    };
    return k_columns;
  }

  std::span<const Unique> uniques() const override {
    static constexpr Unique k_uniques[] = {{k_sid, "sid_taken"}};
    return k_uniques;
  }

  std::vector<std::string> unique_values(std::size_t /*unique*/, const Row& row) const override {
    if (row[k_sid].state != CellState::value) return {};
    return {std::string(row[k_sid].text)};
  }

  bool looks_like_key(std::string_view text) const override { return records::looks_like_phone(text); }

  bool canonical(std::size_t column, std::string_view text, const Reading& reading, std::string& out,
                 base::Finding& finding) const override {
    switch (column) {
      case k_phone_number:
        return records::canonical_phone(text, reading, out, finding);
      case k_provider:
        return canonical_provider(text, out, finding);
      case k_country_code:
        return canonical_country(text, out, finding);
      case k_label:
        return canonical_label(text, out, finding);
      case k_status:
        return canonical_status(text, out, finding);
      case k_capabilities:
        return canonical_capabilities(text, out, finding);
      case k_sid:
        return canonical_sid(text, out, finding);
      case k_record_policy:
        return canonical_record_policy(text, out, finding);
      default:
        return canonical_sms_mode(text, out, finding);
    }
  }

  bool check(Row& row, std::size_t& column, base::Finding& finding) const override {
    column = k_country_code;
    Cell& country = row[k_country_code];
    if (country.state == CellState::absent) return true;
    std::error_code ignored;
    const auto number = phone::E164::try_parse(row[k_phone_number].text, ignored);
    if (country.state == CellState::value) return check_country(*number, country.text, finding);
    if (const auto own = country_of(*number); !own.empty()) country = {CellState::value, own};
    return true;
  }

  void look_up(db::Connection& db, const base::Uuid& workspace, std::span<const std::string_view> keys,
               const std::function<void(Existing&&)>& found) override {
    find_held(db, workspace, keys, [&](const HeldNumber& held) {
      Existing existing;
      const auto at = std::lower_bound(keys.begin(), keys.end(), held.cells[k_phone_number]);
      existing.index = static_cast<std::size_t>(at - keys.begin());
      existing.ours = held.ours;
      existing.id = held.id;
      existing.version = held.version;
      if (held.ours) existing.cells.assign(held.cells.begin(), held.cells.end());
      found(std::move(existing));
    });
  }

  void find_holders(db::Connection& db, const base::Uuid& workspace, std::size_t /*unique*/,
                    std::span<const std::string_view> sids,
                    const std::function<void(std::string_view, std::string_view)>& held) override {
    find_sids(db, workspace, sids, held);
  }

  std::unique_ptr<Inserter> inserter(audit::Session& session, const base::Uuid& workspace,
                                     const base::Uuid& job) override {
    return std::make_unique<NumbersInserter>(session, workspace, job);
  }

  std::int64_t update(audit::Session& session, const base::Uuid& workspace,
                      std::span<const Update> updates) override {
    std::vector<NumberUpdate> numbers;
    for (const auto& update : updates)
      numbers.push_back({update.before.id, update.before.version, number_cells(update.cells)});
    return update_numbers(session, workspace, numbers);
  }

  std::optional<base::Uuid> made_by(db::Connection& db, const base::Uuid& workspace,
                                    std::string_view key) override {
    return number_made_by(db, workspace, key);
  }

  std::int64_t remove_made_by(db::Connection& db, const base::Uuid& workspace, const base::Uuid& job,
                              const KeptRows& kept) override {
    return delete_made_by(db, workspace, job, kept);
  }

  Restored restore(audit::Session& session, const base::Uuid& workspace, const Replaced& row) override {
    return restore_number(session, workspace, row);
  }
};

}  // namespace

std::unique_ptr<Adapter> numbers_adapter() { return std::make_unique<NumbersAdapter>(); }

}  // namespace ringctl::bulk

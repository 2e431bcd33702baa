#pragma once
// phone_numbers a batch at a time, for the bulk engine: the importable columns as canonical text.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "db/bulk_insert.hpp"
#include "records/rows.hpp"

namespace ringctl::estate {

/// The importable columns, in the order export writes and import takes them.
enum NumberColumn : std::size_t {
  k_phone_number,
  k_provider,
  k_country_code,
  k_label,
  k_status,
  k_capabilities,
  k_sid,
  k_record_policy,
  k_sms_mode,
  k_number_columns
};
using NumberCells = std::array<std::string_view, k_number_columns>;  ///< "" = not set

inline constexpr std::string_view k_default_provider = "twilio";
inline constexpr std::string_view k_default_status = "active";
inline constexpr std::string_view k_default_sms_mode = "notify_all";
/// In a number to insert: its own region, which is not the same as no country.
inline constexpr std::string_view k_own_country = "*";

struct HeldNumber {
  bool ours = true;  ///< false: only the number is set
  base::Uuid id;
  std::int64_t version = 0;
  NumberCells cells;
};

/// Those of `numbers` (sorted) that are held, by whichever workspace. Through Door::number_holder.
void find_held(db::Connection&, const base::Uuid& workspace, std::span<const std::string_view> numbers,
               const std::function<void(const HeldNumber&)>&);

/// Of `sids`, those held by any workspace, with the number that has it ("" if it is another workspace's).
void find_sids(db::Connection&, const base::Uuid& workspace, std::span<const std::string_view> sids,
               const std::function<void(std::string_view sid, std::string_view number)>&);

/// Makes rows, any number of them, within one transaction.
class NumberInsert {
 public:
  NumberInsert(audit::Session&, const base::Uuid& workspace, const base::Uuid& job);
  /// Empty provider, status and SMS mode get their defaults. Nothing of the cells is kept.
  void add(const NumberCells&);
  /// Last. A number or SID that is held already: Errc::conflict [db.unique], at the latest here.
  void finish() { rows_.flush(); }

 private:
  audit::Session& session_;
  db::BulkInsert rows_;
};

struct NumberUpdate {
  base::Uuid id;
  std::int64_t version;  ///< as found; the row gets the next one
  NumberCells cells;     ///< no SMS mode: as it is
};
/// Returns how many still had that version.
std::int64_t update_numbers(audit::Session&, const base::Uuid& workspace, std::span<const NumberUpdate>);

/// Deletes the numbers a job made that are as it made them and that nothing uses (number_use.hpp); hands
/// out those it keeps, by number, streaming. Returns how many went.
std::int64_t delete_made_by(db::Connection&, const base::Uuid& workspace, const base::Uuid& job,
                            const records::KeptRows& kept);
/// Writes the cells back if the number is the row that the job changed, still has its version and no other
/// number has its SID now (in any workspace: through Door::number_holder).
records::Restored restore_number(audit::Session&, const base::Uuid& workspace, const records::Replaced&);
/// The job that made the number, if one did.
std::optional<base::Uuid> number_made_by(db::Connection&, const base::Uuid& workspace,
                                         std::string_view number);

}  // namespace ringctl::estate

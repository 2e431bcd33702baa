#include "sync/work.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "db/transaction.hpp"
#include "estate/number_fields.hpp"

namespace ringctl::sync {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// "(202) 555-0123" and "+12025550123" of that number.
bool only_spells(std::string_view name, std::string_view number) {
  std::string digits;
  for (const char c : name) {
    if (is_digit(c))
      digits += c;
    else if (std::string_view("+-(). ").find(c) == std::string_view::npos)
      return false;
  }
  return !digits.empty() && number.ends_with(digits);
}

/// Both sides in order, merged as the rows come.
template <class Row>
class PageMerge {
 public:
  PageMerge(const std::vector<twilio::Number>& page, const HeldFn<Row>& held) : held_(held) {
    numbers_.reserve(page.size());
    for (const auto& number : page) numbers_.push_back(&number);
    std::sort(numbers_.begin(), numbers_.end(),
              [](const auto* a, const auto* b) { return a->phone_number < b->phone_number; });
    next_ = numbers_.begin();
  }

  std::vector<std::string_view> texts() const {
    std::vector<std::string_view> all;
    all.reserve(numbers_.size());
    for (const auto* number : numbers_) all.push_back(number->phone_number);
    return all;
  }
  void meet(std::string_view phone_number, const Row* row) {
    for (; next_ != numbers_.end() && (*next_)->phone_number < phone_number; ++next_)
      held_(**next_, nullptr, false);
    for (; next_ != numbers_.end() && (*next_)->phone_number == phone_number; ++next_)
      held_(**next_, row, row == nullptr);
  }
  void finish() {
    for (; next_ != numbers_.end(); ++next_) held_(**next_, nullptr, false);
  }

 private:
  const HeldFn<Row>& held_;
  std::vector<const twilio::Number*> numbers_;
  std::vector<const twilio::Number*>::iterator next_;
};

/// `find`: estate's, of these rows.
template <class Row, class Find>
void hold(Account& account, const std::vector<twilio::Number>& page, const HeldFn<Row>& held,
          const Find& find) {
  PageMerge<Row> merge(page, held);
  auto& db = account.session.db;
  db::Transaction transaction(db, holder_scope(account), db::Access::read);
  find(
      db, account.workspace.id, merge.texts(),
      [&](const Row& row) { merge.meet(row.facts.phone_number, &row); },
      [&](std::string_view number) { merge.meet(number, nullptr); });
  transaction.commit();
  merge.finish();
}

}  // namespace

void hold_page(Account& account, const std::vector<twilio::Number>& page,
               const HeldFn<estate::KnownNumber>& held) {
  hold(account, page, held, estate::find_known);
}

void hold_used_page(Account& account, const std::vector<twilio::Number>& page,
                    const HeldFn<estate::UsedNumber>& held) {
  hold(account, page, held, estate::find_used);
}

db::Lease take_lease(Account& account) {
  return db::Lease::acquire(account.session.db, account.session.clock, std::string(k_twilio_lease),
                            account.workspace.id, k_twilio_lease_ttl, account.lock_wait, &account.cancel);
}

db::Scope holder_scope(const Account& account) {
  return db::Scope::of(account.workspace.id, db::Door::number_holder);
}

std::string webhook_status_of(const twilio::Number& number, const std::optional<Wanted>& wanted) {
  if (!number.trunk_sid.empty()) return "captured";
  const bool unset = number.voice_hook.url.empty() && number.sms_hook.url.empty() &&
                     number.voice_application_sid.empty() && number.sms_application_sid.empty();
  if (unset) return "unset";
  if (!wanted) return "unknown";
  return update_for(number, *wanted).empty() ? "configured" : "drifted";
}

estate::Capabilities capabilities_of(const twilio::Number& number) {
  estate::Capabilities can = 0;
  const auto add = [&](bool has, estate::Capability what) {
    if (has) can = static_cast<estate::Capabilities>(can | what);
  };
  add(number.voice, estate::k_voice);
  add(number.sms, estate::k_sms);
  add(number.mms, estate::k_mms);
  add(number.fax, estate::k_fax);
  return can;
}

estate::AccountFacts facts_of(const twilio::Number& number, const std::optional<Wanted>& wanted) {
  estate::AccountFacts facts;
  facts.phone_number = number.phone_number;
  facts.sid = number.sid;
  facts.account_sid = number.account_sid;
  facts.capabilities = estate::capabilities_text(capabilities_of(number));
  facts.webhook_status = webhook_status_of(number, wanted);
  facts.trunk_sid = number.trunk_sid;
  return facts;
}

std::string label_of(const twilio::Number& number) {
  if (only_spells(number.friendly_name, number.phone_number)) return {};
  std::string label;
  base::Finding finding;
  return estate::canonical_label(number.friendly_name, label, finding) ? label : std::string();
}

std::string snake_of(std::string_view pascal) {
  std::string snake;
  for (const char c : pascal) {
    if (is_upper(c) && !snake.empty()) snake += '_';
    snake += is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return snake;
}

std::string field_names(const twilio::NumberUpdate& update) {
  std::vector<std::string> names;
  for (const auto& [name, value] : fields_of(update)) names.push_back(snake_of(name));
  return base::join(names, "|");
}

std::uint64_t digits_of(std::string_view phone_number) {
  std::uint64_t digits = 0;
  for (const char c : phone_number)
    if (is_digit(c)) digits = digits * 10 + static_cast<std::uint64_t>(c - '0');
  return digits;
}

std::string code_of(const twilio::Failed& failed) {
  if (failed.code != 0) return std::to_string(failed.code);
  return to_error(failed).slug();
}

}  // namespace ringctl::sync

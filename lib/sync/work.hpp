#pragma once
// Small things that the work on numbers shares.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/lease.hpp"
#include "estate/capabilities.hpp"
#include "estate/number_account.hpp"
#include "sync/account.hpp"
#include "sync/configure.hpp"
#include "twilio/rest_numbers.hpp"

namespace ringctl::sync {

/// One at a time per workspace changes what stands at Twilio, or writes down what stands there: a second
/// process waits as long as --lock-wait says. Renewed with every batch.
inline constexpr std::string_view k_twilio_lease = "numbers at Twilio";
inline constexpr std::chrono::minutes k_twilio_lease_ttl{15};
db::Lease take_lease(Account&);

/// What is written together: so many rows, or what came in so much time.
inline constexpr std::size_t k_batch = 200;
inline constexpr std::chrono::milliseconds k_batch_time{200};

/// The workspace, and which other numbers are held: what find_known() needs.
db::Scope holder_scope(const Account&);

/// A page of the account's numbers held against their rows, by number: `row` is null where this workspace has
/// none, `elsewhere` says that another one has. Inside it the database is not to be asked.
template <class Row>
using HeldFn = std::function<void(const twilio::Number&, const Row* row, bool elsewhere)>;
void hold_page(Account&, const std::vector<twilio::Number>& page, const HeldFn<estate::KnownNumber>&);
void hold_used_page(Account&, const std::vector<twilio::Number>& page, const HeldFn<estate::UsedNumber>&);

/// Twilio's side of a number as its row has it. Without `wanted` nobody knows what its webhooks should be.
estate::AccountFacts facts_of(const twilio::Number&, const std::optional<Wanted>& wanted);
estate::Capabilities capabilities_of(const twilio::Number&);
/// configured, drifted, unset, captured, unknown
std::string webhook_status_of(const twilio::Number&, const std::optional<Wanted>& wanted);
/// What people called it at Twilio; "" where that is the number itself, as Twilio calls it at first.
std::string label_of(const twilio::Number&);

/// "voice_url" of "VoiceUrl"
std::string snake_of(std::string_view pascal);
/// Names of what is sent, separated by |: "voice_url|sms_url".
std::string field_names(const twilio::NumberUpdate&);

/// A number as digits, for sets of many.
std::uint64_t digits_of(std::string_view phone_number);

/// As a row keeps it: Twilio's code if there is one, else what kind of failure it was.
std::string code_of(const twilio::Failed&);

/// The workspace names this TwiML app from now on.
void keep_app(Account&, const std::string& sid);

}  // namespace ringctl::sync

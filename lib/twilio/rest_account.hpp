#pragma once
// The account itself: balance, usage, TwiML applications, verified caller IDs, recordings, messaging
// services, addresses' numbers.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "twilio/rest_numbers.hpp"

namespace ringctl::twilio {

struct AccountInfo {
  std::string sid = {}, friendly_name = {}, status = {}, type = {}, owner_sid = {};
};
/// API keys may not ask (401, 20003): nullopt then, if the login is one.
std::optional<AccountInfo> fetch_account(Client&);
std::vector<AccountInfo> list_accounts(Client&);

struct Balance {
  std::int64_t micros = 0;
  std::string currency = {};
};
Balance fetch_balance(Client&);

struct UsageRecord {
  std::string category = {}, description = {}, count_unit = {}, usage_unit = {}, price_unit = {};
  std::string start_date = {}, end_date = {};  ///< UTC days, "2026-01-31", both included
  std::string count = {}, usage = {};          ///< decimals, as Twilio says them
  std::int64_t price_micros = 0;
};
struct UsageQuery {
  std::string category = {};                   ///< "" = all
  std::string start_date = {}, end_date = {};  ///< "2026-01-31"; "" = all time
  std::string by = {};                         ///< "", Daily, Monthly, Yearly
  bool subaccounts = true;
};
std::uint64_t list_usage(Client&, const UsageQuery&, const std::function<bool(const UsageRecord&)>& visit);

struct Application {
  std::string sid = {}, friendly_name = {};
  Hook voice_hook = {}, voice_fallback = {}, status_callback = {}, sms_hook = {}, sms_fallback = {};
};
std::optional<Application> find_application(Client&, std::string_view sid);
std::vector<Application> find_applications(Client&, std::string_view friendly_name);
struct ApplicationUpdate {
  std::optional<std::string> friendly_name = {}, voice_url = {}, voice_method = {}, voice_fallback_url = {},
                             voice_fallback_method = {}, status_callback = {}, status_callback_method = {};
};
Ask create_application_ask(const ApplicationUpdate&);  ///< Repeat::never
Application update_application(Client&, std::string_view sid, const ApplicationUpdate&);

struct CallerId {
  std::string sid = {}, phone_number = {}, friendly_name = {};
};
std::vector<CallerId> list_caller_ids(Client&);
struct Validation {
  std::string call_sid = {}, code = {};  ///< the code that whoever is called presses
};
/// Twilio calls the number. Repeat::never. Throws what send() does; 21450 is Errc::conflict
/// [callerids.verified].
Validation verify_caller_id(Client&, std::string_view phone_number, std::string_view friendly_name);

struct Recording {
  std::string sid = {}, call_sid = {}, conference_sid = {}, status = {}, source = {};
  std::optional<std::int64_t> duration_s = {}, channels = {}, price_micros = {};
  std::string price_unit = {};
  std::optional<base::Instant> created_at = {};
};
std::optional<Recording> recording_from(const Json&);
struct RecordingQuery {
  std::string call_sid = {}, conference_sid = {};
  std::optional<base::Instant> since = {}, until = {};
};
std::uint64_t list_recordings(Client&, const RecordingQuery&,
                              const std::function<bool(const Recording&)>& visit);
/// Its sound, from the configured base and nowhere else: an address that a row or a webhook names is never
/// asked. `format`: wav, mp3. Errc::not_found if it is gone, Errc::twilio_garbage [recordings.redirected].
std::string fetch_recording_sound(Client&, std::string_view sid, std::string_view format,
                                  std::size_t most_bytes);
Ask delete_recording_ask(std::string_view sid);

/// Messaging service.
struct Service {
  std::string sid = {}, friendly_name = {};
  Hook inbound = {}, fallback = {};
  std::string status_callback = {};
  bool use_inbound_webhook_on_number = false;
  /// True where it takes what is sent to its numbers, be it only to drop it.
  bool captures() const { return !use_inbound_webhook_on_number; }
};
std::vector<Service> list_services(Client&);
/// SIDs of the numbers in it.
std::vector<std::string> list_service_numbers(Client&, std::string_view service);

}  // namespace ringctl::twilio

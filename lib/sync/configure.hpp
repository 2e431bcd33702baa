#pragma once
// Numbers' webhooks pointed at this serve, many at once: only what differs is sent, each row's outcome is
// kept in a job, and a run that was killed goes on where it was.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/journal.hpp"
#include "sync/account.hpp"
#include "twilio/rest_numbers.hpp"

namespace ringctl::sync {

/// What numbers are to say. With Twilio's connection overrides (#rc=2&rp=ct,5xx).
struct Wanted {
  std::string voice_url, sms_url, status_callback;  ///< "" = left alone
  std::string voice_fallback_url = {}, sms_fallback_url = {};
  bool voice = true, sms = true;  ///< touch these
};
/// From public_url, the workspace's fallback_url, and what the environment names (TWILIO_VOICE_WEBHOOK_URL,
/// TWILIO_SMS_WEBHOOK_URL; "" = not set). Throws Errc::invalid [webhooks.bad_url] for a URL that Twilio
/// cannot be given, Errc::config [serve.no_public_url].
struct WebhookUrls {
  std::string voice, sms, fallback;
};
Wanted wanted_of(const Account&, const WebhookUrls&);
/// True where both ask the same, whatever the case of scheme and host and the order of overrides.
bool same_url(std::string_view, std::string_view);
/// Everything that is wanted, as an update of a number that says nothing of it yet.
twilio::NumberUpdate whole_update(const Wanted&);
/// What has to be sent so that `number` says what is wanted; empty: nothing. A number with a trunk keeps its
/// voice side alone; an application SID is cleared where it hides a URL that is wanted.
twilio::NumberUpdate update_for(const twilio::Number&, const Wanted&);

struct ConfigureOptions {
  Wanted wanted;
  std::vector<std::string> numbers = {};  ///< E.164; empty: all active Twilio numbers of the workspace
  std::vector<std::string> fields =
      {};  ///< "voice_url", "voice_method": only these; empty: all that is wanted
  std::optional<base::Uuid> resume = {};   ///< the unfinished job to go on with
  std::string kind = "numbers.configure";  ///< of the job, for the command that goes on with it
  bool dry_run = false;
};
/// What `jobs resume` needs of a job that is unfinished: its numbers, and what it was to touch. Where URLs
/// lead says the configuration of today.
struct ConfigureAgain {
  std::vector<std::string> numbers, fields;
  bool voice = true, sms = true;
  std::string fallback_url;
};
ConfigureAgain configure_again(const jobs::Job&);

struct ConfigureRow {
  std::string phone_number, sid;
  std::string verdict;      ///< update, same, skipped, failed
  std::string fields = {};  ///< that were, or would be, sent, separated by |
  std::string code = {}, message = {};
};
struct ConfigureReport {
  std::optional<base::Uuid> job;
  std::int64_t updated = 0, same = 0, failed = 0;
  std::int64_t skipped = 0;        ///< those that the account does not have among them
  std::vector<ConfigureRow> rows;  ///< failed and skipped; in a dry run what would be sent too
};
/// Throws Errc::auth, interrupted and twilio_rate with the job to resume; a row that Twilio refuses, or that
/// is skipped though it was named, is a row of the report (exit 3).
ConfigureReport configure(Account&, const ConfigureOptions&, const ProgressFn& = {});

/// The TwiML app that access tokens name: found by the workspace's twiml_app_sid, else by name "ringctl
/// WORKSPACE", else made; its URLs set; its SID stored.
struct AppReport {
  std::string sid;
  bool created = false, changed = false;
};
AppReport configure_app(Account&, const Wanted&, bool write);

}  // namespace ringctl::sync

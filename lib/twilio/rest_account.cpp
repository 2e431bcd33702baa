#include "twilio/rest_account.hpp"

#include <fmt/format.h>

#include "base/sid.hpp"
#include "twilio/rest_parts.hpp"

namespace ringctl::twilio {
namespace {

constexpr std::string_view k_applications = "/Applications", k_caller_ids = "/OutgoingCallerIds",
                           k_recordings = "/Recordings", k_services = "/v1/Services";
constexpr int k_already_verified = 21450;

std::optional<AccountInfo> account_from(const Json& json) {
  AccountInfo account;
  account.sid = json.text("sid");
  if (!base::is_sid(account.sid, "AC")) return std::nullopt;
  account.friendly_name = json.text("friendly_name");
  account.status = json.text("status");
  account.type = json.text("type");
  account.owner_sid = json.text("owner_account_sid");
  return account;
}

Hook hook_of(const Json& json, std::string_view url, std::string_view method) {
  Hook hook;
  hook.url = json.text(url);
  if (auto text = json.text(method); !text.empty()) hook.method = std::move(text);
  return hook;
}

std::optional<Application> application_from(const Json& json) {
  Application app;
  app.sid = json.text("sid");
  if (!base::is_sid(app.sid, "AP")) return std::nullopt;
  app.friendly_name = json.text("friendly_name");
  app.voice_hook = hook_of(json, "voice_url", "voice_method");
  app.voice_fallback = hook_of(json, "voice_fallback_url", "voice_fallback_method");
  app.status_callback = hook_of(json, "status_callback", "status_callback_method");
  app.sms_hook = hook_of(json, "sms_url", "sms_method");
  app.sms_fallback = hook_of(json, "sms_fallback_url", "sms_fallback_method");
  return app;
}

Fields fields_of(const ApplicationUpdate& update) {
  Fields form;
  add_if(form, "FriendlyName", update.friendly_name);
  add_if(form, "VoiceUrl", update.voice_url);
  add_if(form, "VoiceMethod", update.voice_method);
  add_if(form, "VoiceFallbackUrl", update.voice_fallback_url);
  add_if(form, "VoiceFallbackMethod", update.voice_fallback_method);
  add_if(form, "StatusCallback", update.status_callback);
  add_if(form, "StatusCallbackMethod", update.status_callback_method);
  return form;
}

std::optional<UsageRecord> usage_from(const Json& json) {
  UsageRecord record;
  record.category = json.text("category");
  if (record.category.empty()) return std::nullopt;
  record.description = json.text("description");
  record.count_unit = json.text("count_unit");
  record.usage_unit = json.text("usage_unit");
  record.price_unit = json.text("price_unit");
  record.start_date = json.text("start_date");
  record.end_date = json.text("end_date");
  record.count = json.text("count");
  record.usage = json.text("usage");
  record.price_micros = json.micros("price").value_or(0);
  return record;
}

std::optional<Service> service_from(const Json& json) {
  Service service;
  service.sid = json.text("sid");
  if (!base::is_sid(service.sid, "MG")) return std::nullopt;
  service.friendly_name = json.text("friendly_name");
  service.inbound = hook_of(json, "inbound_request_url", "inbound_method");
  service.fallback = hook_of(json, "fallback_url", "fallback_method");
  service.status_callback = json.text("status_callback");
  service.use_inbound_webhook_on_number = json.flag("use_inbound_webhook_on_number");
  return service;
}

std::optional<CallerId> caller_id_from(const Json& json) {
  CallerId id{json.text("sid"), json.text("phone_number"), json.text("friendly_name")};
  return base::is_sid(id.sid, "PN") ? std::optional(std::move(id)) : std::nullopt;
}

}  // namespace

std::optional<AccountInfo> fetch_account(Client& client) {
  auto outcome = client.try_send(get_ask(""));
  if (const auto* const failed = std::get_if<Failed>(&outcome)) {
    if (failed->kind == Failed::Kind::auth && client.has_api_key()) return std::nullopt;
    throw to_error(*failed);
  }
  return required(account_from(std::get<Reply>(outcome).json), "accounts");
}

std::vector<AccountInfo> list_accounts(Client& client) {
  return collect<AccountInfo>(client, get_ask("//2010-04-01/Accounts.json"), "accounts", account_from);
}

Balance fetch_balance(Client& client) {
  const auto reply = client.send(get_ask("/Balance.json"));
  const auto micros = reply.json.micros("balance");
  if (!micros) throw incomplete("balance");
  return {*micros, reply.json.text("currency")};
}

std::uint64_t list_usage(Client& client, const UsageQuery& query,
                         const std::function<bool(const UsageRecord&)>& visit) {
  Fields filters;
  add_if(filters, "Category", query.category);
  add_if(filters, "StartDate", query.start_date);
  add_if(filters, "EndDate", query.end_date);
  if (!query.subaccounts) filters.emplace_back("IncludeSubaccounts", "false");
  const auto path = query.by.empty() ? std::string("/Usage/Records.json") : under("/Usage/Records", query.by);
  return each(client, get_ask(path, std::move(filters)), "usage_records", usage_from, visit);
}

std::optional<Application> find_application(Client& client, std::string_view sid) {
  const auto reply = find(client, get_ask(under(k_applications, sid)));
  return reply ? std::optional(required(application_from(reply->json), "applications")) : std::nullopt;
}

std::vector<Application> find_applications(Client& client, std::string_view friendly_name) {
  auto all = collect<Application>(
      client, get_ask(std::string(k_applications) + ".json", {{"FriendlyName", std::string(friendly_name)}}),
      "applications", application_from);
  std::erase_if(all, [&](const Application& app) { return app.friendly_name != friendly_name; });
  return all;
}

Ask create_application_ask(const ApplicationUpdate& update) {
  return post_ask(std::string(k_applications) + ".json", fields_of(update), Repeat::never);
}

Application update_application(Client& client, std::string_view sid, const ApplicationUpdate& update) {
  const auto reply = client.send(post_ask(under(k_applications, sid), fields_of(update)));
  return required(application_from(reply.json), "applications");
}

std::vector<CallerId> list_caller_ids(Client& client) {
  return collect<CallerId>(client, get_ask(std::string(k_caller_ids) + ".json"), "outgoing_caller_ids",
                           caller_id_from);
}

Validation verify_caller_id(Client& client, std::string_view phone_number, std::string_view friendly_name) {
  Fields form = {{"PhoneNumber", std::string(phone_number)}};
  add_if(form, "FriendlyName", std::string(friendly_name));
  auto outcome =
      client.try_send(post_ask(std::string(k_caller_ids) + ".json", std::move(form), Repeat::never));
  if (const auto* const failed = std::get_if<Failed>(&outcome)) {
    if (failed->code == k_already_verified)
      throw Error(Errc::conflict, "callerids.verified", fmt::format("{} is verified already", phone_number),
                  "ringctl callerids list");
    throw to_error(*failed);
  }
  const auto& json = std::get<Reply>(outcome).json;
  Validation validation{json.text("call_sid"), json.text("validation_code")};
  if (validation.code.empty()) throw incomplete("the validation");
  return validation;
}

std::optional<Recording> recording_from(const Json& json) {
  Recording recording;
  recording.sid = json.text("sid");
  if (!base::is_sid(recording.sid, "RE")) return std::nullopt;
  recording.call_sid = json.text("call_sid");
  recording.conference_sid = json.text("conference_sid");
  recording.status = json.text("status");
  recording.source = json.text("source");
  recording.duration_s = json.whole("duration");
  recording.channels = json.whole("channels");
  const auto price = json.micros("price");
  if (price) recording.price_micros = -*price;  // charges are negative there
  recording.price_unit = json.text("price_unit");
  recording.created_at = json.instant("date_created");
  return recording;
}

std::uint64_t list_recordings(Client& client, const RecordingQuery& query,
                              const std::function<bool(const Recording&)>& visit) {
  Fields filters;
  add_if(filters, "CallSid", query.call_sid);
  add_if(filters, "ConferenceSid", query.conference_sid);
  add_days(filters, "DateCreated", query.since, query.until);
  std::uint64_t count = 0;
  each(client, get_ask(std::string(k_recordings) + ".json", std::move(filters)), "recordings", recording_from,
       [&](const Recording& recording) {
         if (!is_within(recording.created_at, query.since, query.until)) return true;
         ++count;
         return visit(recording);
       });
  return count;
}

std::string fetch_recording_sound(Client& client, std::string_view sid, std::string_view format,
                                  std::size_t most_bytes) {
  if (format != "wav" && format != "mp3")
    throw Error(Errc::usage, "recordings.bad_format", fmt::format("{} is no format of a recording", format),
                "wav or mp3");
  auto ask = get_ask(under(k_recordings, sid, fmt::format(".{}", format)));
  ask.raw = true;
  ask.max_body = most_bytes;
  auto outcome = client.try_send(ask);
  if (auto* const reply = std::get_if<Reply>(&outcome)) return std::move(reply->body);
  const auto& failed = std::get<Failed>(outcome);
  if (failed.status >= 300 && failed.status < 400)
    throw Error(Errc::twilio_garbage, "recordings.redirected",
                fmt::format("recording {} is said to lie elsewhere, and nothing is fetched from there", sid));
  throw to_error(failed);
}

Ask delete_recording_ask(std::string_view sid) { return delete_ask(under(k_recordings, sid)); }

std::vector<Service> list_services(Client& client) {
  return collect<Service>(client, at_api(Api::messaging, get_ask(std::string(k_services))), "services",
                          service_from);
}

std::vector<std::string> list_service_numbers(Client& client, std::string_view service) {
  return collect<std::string>(client,
                              at_api(Api::messaging, get_ask(under(k_services, service, "/PhoneNumbers"))),
                              "phone_numbers", [](const Json& json) -> std::optional<std::string> {
                                auto sid = json.text("sid");
                                return base::is_sid(sid, "PN") ? std::optional(std::move(sid)) : std::nullopt;
                              });
}

}  // namespace ringctl::twilio

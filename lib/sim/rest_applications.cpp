// TwiML applications.

#include <fmt/format.h>

#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr std::array k_keys = {keys::text("FriendlyName", 64),
                               keys::text("ApiVersion"),
                               keys::url("VoiceUrl"),
                               keys::method("VoiceMethod"),
                               keys::url("VoiceFallbackUrl"),
                               keys::method("VoiceFallbackMethod"),
                               keys::url("StatusCallback"),
                               keys::method("StatusCallbackMethod"),
                               keys::boolean("VoiceCallerIdLookup"),
                               keys::url("SmsUrl"),
                               keys::method("SmsMethod"),
                               keys::url("SmsFallbackUrl"),
                               keys::method("SmsFallbackMethod"),
                               keys::url("SmsStatusCallback"),
                               keys::url("MessageStatusCallback"),
                               keys::boolean("PublicApplicationConnectEnabled")};
constexpr auto k_list = keys::paged({keys::text("FriendlyName")});

void write(const Desk& desk, JsonText& json, const Application& app) {
  json.text("sid", app.sid);
  json.text("account_sid", desk.account.sid);
  json.text_or_null("friendly_name", app.friendly_name);
  write_hook(json, "voice_url", "voice_method", app.voice_hook);
  write_hook(json, "voice_fallback_url", "voice_fallback_method", app.voice_fallback);
  json.boolean("voice_caller_id_lookup", app.caller_id_lookup);
  write_hook(json, "sms_url", "sms_method", app.sms_hook);
  write_hook(json, "sms_fallback_url", "sms_fallback_method", app.sms_fallback);
  json.text("sms_status_callback", app.message_status_callback);
  json.text("message_status_callback", app.message_status_callback);
  write_hook(json, "status_callback", "status_callback_method", app.status_callback);
  json.boolean("public_application_connect_enabled", false);
  write_dates(json, app.created_at, app.updated_at);
  json.text("api_version", "2010-04-01");
  json.text("uri", uri_of(desk, fmt::format("/Applications/{}.json", app.sid)));
}

void set_all(const Fields& fields, Application& app) {
  fields.set("FriendlyName", app.friendly_name);
  fields.set("VoiceUrl", "VoiceMethod", app.voice_hook);
  fields.set("VoiceFallbackUrl", "VoiceFallbackMethod", app.voice_fallback);
  fields.set("StatusCallback", "StatusCallbackMethod", app.status_callback);
  fields.set("VoiceCallerIdLookup", app.caller_id_lookup);
  fields.set("SmsUrl", "SmsMethod", app.sms_hook);
  fields.set("SmsFallbackUrl", "SmsFallbackMethod", app.sms_fallback);
  fields.set("SmsStatusCallback", app.message_status_callback);
  fields.set("MessageStatusCallback", app.message_status_callback);
}

RestAnswer list(Desk& desk, const Ask& ask) {
  const auto name = ask.fields.text("FriendlyName");
  return page_of(
      ask, "applications", desk.account.applications,
      [&](const Application& app) { return name.empty() || app.friendly_name == name; },
      [&](JsonText& json, const Application& app) { write(desk, json, app); });
}

RestAnswer create(Desk& desk, const Ask& ask) {
  Application app{.sid = desk.sids.next("AP"), .created_at = desk.now(), .updated_at = desk.now()};
  set_all(ask.fields, app);
  return answer_created(shown(desk, &write, desk.account.applications.add(std::move(app))));
}

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const app = desk.account.applications.find(ask.id());
  return app == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write, *app));
}

RestAnswer update(Desk& desk, const Ask& ask) {
  auto* const app = desk.account.applications.find(ask.id());
  if (app == nullptr) return not_found(ask.path);
  set_all(ask.fields, *app);
  app->updated_at = desk.now();
  return answer_ok(shown(desk, &write, *app));
}

RestAnswer remove(Desk& desk, const Ask& ask) {
  return desk.account.applications.remove(ask.id()) ? answer_gone() : not_found(ask.path);
}

}  // namespace

std::span<const Route> application_routes() {
  static constexpr Route k_routes[] = {{"Applications", {list, k_list}, {create, k_keys}},
                                       {"Applications/{AP}", {fetch}, {update, k_keys}, {remove}}};
  return k_routes;
}

}  // namespace ringctl::sim

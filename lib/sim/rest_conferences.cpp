// Conferences, by SID. Who is in them: rest_participants.cpp.

#include <fmt/format.h>

#include "sim/rest_dates.hpp"
#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr auto k_list =
    keys::paged({keys::date("DateCreated"), keys::date("DateCreated<"), keys::date("DateCreated>"),
                 keys::date("DateUpdated"), keys::date("DateUpdated<"), keys::date("DateUpdated>"),
                 keys::text("FriendlyName"), keys::choice("Status", "init|in-progress|completed")});
constexpr std::array k_update = {keys::choice("Status", "completed"), keys::url("AnnounceUrl"),
                                 keys::method("AnnounceMethod")};

void write(const Desk& desk, JsonText& json, const Conference& conference) {
  const auto path = uri_of(desk, fmt::format("/Conferences/{}", conference.sid));
  json.text("sid", conference.sid);
  json.text("account_sid", desk.account.sid);
  write_dates(json, conference.created_at, conference.updated_at);
  json.text("api_version", "2010-04-01");
  json.text("friendly_name", conference.friendly_name);
  json.text("region", "us1");
  json.text("status", conference.status);
  json.text("uri", path + ".json");
  json.open("subresource_uris");
  json.text("participants", path + "/Participants.json");
  json.text("recordings", path + "/Recordings.json");
  json.close();
  json.text_or_null("reason_conference_ended", conference.reason_ended);
  json.text_or_null("call_sid_ending_conference", conference.call_sid_ending);
}

RestAnswer list(Desk& desk, const Ask& ask) {
  const auto name = ask.fields.text("FriendlyName"), status = ask.fields.text("Status");
  const TimeFilter created(ask.fields, "DateCreated"), updated(ask.fields, "DateUpdated");
  const auto wanted = [&](const Conference& conference) {
    return (name.empty() || conference.friendly_name == name) &&
           (status.empty() || conference.status == status) && created.holds(conference.created_at) &&
           updated.holds(conference.updated_at);
  };
  return page_of(ask, "conferences", desk.account.conferences, wanted,
                 [&](JsonText& json, const Conference& conference) { write(desk, json, conference); });
}

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const conference = desk.account.conferences.find(ask.id());
  return conference == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write, *conference));
}

RestAnswer update(Desk& desk, const Ask& ask) {
  const auto* const conference = desk.account.conferences.find(ask.id());
  if (conference == nullptr) return not_found(ask.path);
  const bool is_live = conference->status != "completed";
  const auto announcement = ask.fields.hook("AnnounceUrl", "AnnounceMethod");
  if (!announcement.url.empty()) {
    if (!is_live) return refuse(400, 20422, "The conference has ended");
    desk.network.announce(conference->sid, announcement);
  }
  if (!ask.fields.text("Status").empty() && is_live) desk.network.end_conference(conference->sid);
  return answer_ok(shown(desk, &write, *conference));
}

}  // namespace

std::span<const Route> conference_routes() {
  static constexpr Route k_routes[] = {{"Conferences", {list, k_list}},
                                       {"Conferences/{CF}", {fetch}, {update, k_update}}};
  return k_routes;
}

}  // namespace ringctl::sim

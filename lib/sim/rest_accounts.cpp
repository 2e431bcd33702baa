// The account itself, its balance, its API keys and the numbers that are verified to call from.

#include <fmt/format.h>

#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr std::array k_name = {keys::text("FriendlyName", 64)};
constexpr std::array k_update = {keys::text("FriendlyName", 64),
                                 keys::choice("Status", "active|suspended|closed")};
constexpr auto k_list_accounts =
    keys::paged({keys::text("FriendlyName"), keys::choice("Status", "active|suspended|closed")});
constexpr auto k_list_ids = keys::paged({keys::text("PhoneNumber"), keys::text("FriendlyName")});
constexpr std::array k_validate = {keys::needed(keys::text("PhoneNumber"), 21401),
                                   keys::text("FriendlyName", 64),
                                   keys::whole("CallDelay", 0, 60),
                                   keys::text("Extension"),
                                   keys::url("StatusCallback"),
                                   keys::method("StatusCallbackMethod")};

// --- the account ---

void write_account(const Desk& desk, JsonText& json, const Account& account) {
  static constexpr std::pair<std::string_view, std::string_view> k_parts[] = {
      {"available_phone_numbers", "AvailablePhoneNumbers"},
      {"calls", "Calls"},
      {"conferences", "Conferences"},
      {"incoming_phone_numbers", "IncomingPhoneNumbers"},
      {"notifications", "Notifications"},
      {"outgoing_caller_ids", "OutgoingCallerIds"},
      {"recordings", "Recordings"},
      {"transcriptions", "Transcriptions"},
      {"addresses", "Addresses"},
      {"signing_keys", "SigningKeys"},
      {"connect_apps", "ConnectApps"},
      {"sip", "SIP"},
      {"authorized_connect_apps", "AuthorizedConnectApps"},
      {"usage", "Usage"},
      {"keys", "Keys"},
      {"applications", "Applications"},
      {"short_codes", "SMS/ShortCodes"},
      {"queues", "Queues"},
      {"messages", "Messages"},
      {"balance", "Balance"}};
  json.text("sid", account.sid);
  json.text("auth_token", account.auth_token.reveal());
  write_dates(json, account.created_at, account.updated_at);
  json.text("friendly_name", account.friendly_name);
  json.text("owner_account_sid", account.sid);
  json.text("status", account.status);
  json.text("type", "Full");
  json.text("uri", desk.path + ".json");
  json.open("subresource_uris");
  for (const auto& [name, part] : k_parts) json.text(name, uri_of(desk, fmt::format("/{}.json", part)));
  json.close();
}

RestAnswer list_accounts(Desk& desk, const Ask& ask) {
  const auto name = ask.fields.text("FriendlyName"), status = ask.fields.text("Status");
  std::vector<const Account*> all;
  if ((name.empty() || name == desk.account.friendly_name) &&
      (status.empty() || status == desk.account.status))
    all.push_back(&desk.account);
  return page_of_list(ask, "accounts", all,
                      [&](JsonText& json, const Account* account) { write_account(desk, json, *account); });
}

RestAnswer fetch_account(Desk& desk, const Ask& ask) {
  if (ask.id() != desk.account.sid) return not_found(ask.path);
  return answer_ok(shown(desk, &write_account, desk.account));
}

RestAnswer update_account(Desk& desk, const Ask& ask) {
  if (ask.id() != desk.account.sid) return not_found(ask.path);
  ask.fields.set("FriendlyName", desk.account.friendly_name);
  if (const auto status = ask.fields.text("Status"); !status.empty()) desk.account.status = status;
  desk.account.updated_at = desk.now();
  return answer_ok(shown(desk, &write_account, desk.account));
}

/// A hundred dollars, less what was spent.
RestAnswer balance(Desk& desk, const Ask&) {
  constexpr std::int64_t k_begin = 100'000'000, k_dollar = 1'000'000;
  auto left = k_begin;
  desk.account.calls.each([&](const Call& call) { left -= price_of(call, desk.now()); });
  desk.account.messages.each([&](const Message& message) { left -= price_of(message); });
  JsonText json;
  json.open();
  json.text("account_sid", desk.account.sid);
  json.text("balance", fmt::format("{}{}.{:05}", left < 0 ? "-" : "", std::abs(left) / k_dollar,
                                   std::abs(left) % k_dollar / 10));
  json.text("currency", "USD");
  json.close();
  return answer_ok(json.take());
}

// --- keys ---

void write_key(const Desk&, JsonText& json, const Key& key) {
  json.text("sid", key.sid);
  json.text("friendly_name", key.friendly_name);
  write_dates(json, key.created_at, key.updated_at);
}

/// The secret is shown this once.
void write_new_key(const Desk& desk, JsonText& json, const Key& key) {
  write_key(desk, json, key);
  json.text("secret", key.secret.reveal());
}

RestAnswer page_of_keys(Desk& desk, const Ask& ask, std::string_view name) {
  return page_of(ask, name, desk.account.keys, k_everything,
                 [&](JsonText& json, const Key& key) { write_key(desk, json, key); });
}
RestAnswer list_keys(Desk& desk, const Ask& ask) { return page_of_keys(desk, ask, "keys"); }
RestAnswer list_signing_keys(Desk& desk, const Ask& ask) { return page_of_keys(desk, ask, "signing_keys"); }

RestAnswer create_key(Desk& desk, const Ask& ask) {
  Key key;
  key.sid = desk.sids.next("SK");
  key.friendly_name = ask.fields.text("FriendlyName");
  key.secret = base::Secret(desk.sids.next(""));
  key.created_at = key.updated_at = desk.now();
  return answer_created(shown(desk, &write_new_key, desk.account.keys.add(std::move(key))));
}

RestAnswer fetch_key(Desk& desk, const Ask& ask) {
  const auto* const key = desk.account.keys.find(ask.id());
  return key == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write_key, *key));
}

RestAnswer update_key(Desk& desk, const Ask& ask) {
  auto* const key = desk.account.keys.find(ask.id());
  if (key == nullptr) return not_found(ask.path);
  ask.fields.set("FriendlyName", key->friendly_name);
  key->updated_at = desk.now();
  return answer_ok(shown(desk, &write_key, *key));
}

RestAnswer remove_key(Desk& desk, const Ask& ask) {
  return desk.account.keys.remove(ask.id()) ? answer_gone() : not_found(ask.path);
}

// --- verified numbers ---

void write_id(const Desk& desk, JsonText& json, const CallerId& id) {
  json.text("sid", id.sid);
  json.text("account_sid", desk.account.sid);
  json.text("friendly_name", id.friendly_name);
  json.text("phone_number", id.phone_number);
  write_dates(json, id.created_at, id.updated_at);
  json.text("uri", uri_of(desk, fmt::format("/OutgoingCallerIds/{}.json", id.sid)));
}

RestAnswer list_ids(Desk& desk, const Ask& ask) {
  const auto number = ask.fields.text("PhoneNumber"), name = ask.fields.text("FriendlyName");
  return page_of(
      ask, "outgoing_caller_ids", desk.account.caller_ids,
      [&](const CallerId& id) {
        return (number.empty() || id.phone_number == number) && (name.empty() || id.friendly_name == name);
      },
      [&](JsonText& json, const CallerId& id) { write_id(desk, json, id); });
}

/// Twilio calls the number, and whoever is there keys the code in. Here that takes twenty seconds and always
/// succeeds.
RestAnswer validate(Desk& desk, const Ask& ask) {
  constexpr std::chrono::seconds k_takes(20);
  CallerId id;
  id.phone_number = ask.fields.text("PhoneNumber");
  if (!is_e164(id.phone_number))
    return refuse(400, 21401, fmt::format("Invalid phone number: {}", id.phone_number));
  if (desk.account.caller_ids.find_by_phone(id.phone_number) != nullptr)
    return refuse(400, 21450,
                  fmt::format("Phone number already validated for your account: {}", id.phone_number));
  const auto name = ask.fields.text("FriendlyName");
  id.friendly_name = name.empty() ? formatted(id.phone_number) : name;
  id.sid = desk.sids.next("PN");
  JsonText json;
  json.open();
  json.text("account_sid", desk.account.sid);
  json.text("call_sid", desk.sids.next("CA"));
  json.text("friendly_name", id.friendly_name);
  json.text("phone_number", id.phone_number);
  json.text("validation_code", fmt::format("{:06}", desk.sids.draw(1'000'000)));
  json.close();
  desk.agenda.in(k_takes, [&account = desk.account, &agenda = desk.agenda, id]() mutable {
    if (account.caller_ids.find_by_phone(id.phone_number) != nullptr) return;  // asked for twice meanwhile
    id.created_at = id.updated_at = agenda.now();
    account.caller_ids.add(std::move(id));
  });
  return answer_ok(json.take());
}

RestAnswer fetch_id(Desk& desk, const Ask& ask) {
  const auto* const id = desk.account.caller_ids.find(ask.id());
  return id == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write_id, *id));
}

RestAnswer update_id(Desk& desk, const Ask& ask) {
  auto* const id = desk.account.caller_ids.find(ask.id());
  if (id == nullptr) return not_found(ask.path);
  ask.fields.set("FriendlyName", id->friendly_name);
  id->updated_at = desk.now();
  return answer_ok(shown(desk, &write_id, *id));
}

RestAnswer remove_id(Desk& desk, const Ask& ask) {
  return desk.account.caller_ids.remove(ask.id()) ? answer_gone() : not_found(ask.path);
}

}  // namespace

std::span<const Route> account_routes() {
  static constexpr Route k_routes[] = {
      {"Accounts", {list_accounts, k_list_accounts}, {}, {}, Suffix::json, true},
      {"Accounts/{AC}", {fetch_account}, {update_account, k_update}, {}, Suffix::json, true}};
  return k_routes;
}

std::span<const Route> balance_routes() {
  static constexpr Route k_routes[] = {{"Balance", {balance}}};
  return k_routes;
}

std::span<const Route> key_routes() {
  static constexpr Route k_routes[] = {
      {"Keys", {list_keys, keys::k_page}, {create_key, k_name}, {}, Suffix::json, true},
      {"Keys/{SK}", {fetch_key}, {update_key, k_name}, {remove_key}, Suffix::json, true},
      {"SigningKeys", {list_signing_keys, keys::k_page}, {create_key, k_name}, {}, Suffix::json, true},
      {"SigningKeys/{SK}", {fetch_key}, {update_key, k_name}, {remove_key}, Suffix::json, true}};
  return k_routes;
}

std::span<const Route> caller_id_routes() {
  static constexpr Route k_routes[] = {
      {"OutgoingCallerIds", {list_ids, k_list_ids}, {validate, k_validate}},
      {"OutgoingCallerIds/{PN}", {fetch_id}, {update_id, k_name}, {remove_id}}};
  return k_routes;
}

}  // namespace ringctl::sim

#pragma once
// What the operations of the REST side have in common: where they work, what they are asked, and the tables
// in which each family of resources says what it answers to.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "sim/agenda.hpp"
#include "sim/network.hpp"
#include "sim/resources.hpp"
#include "sim/rest_answer.hpp"
#include "sim/rest_form.hpp"
#include "sim/sids.hpp"

namespace ringctl::sim {

/// Where the APIs say they are, in the URLs of their answers. They all answer on one port, whatever the
/// host: paths tell them apart.
struct RestBases {
  std::string api = "https://api.twilio.com";
  std::string trunking = "https://trunking.twilio.com";
  std::string messaging = "https://messaging.twilio.com";
  std::string pricing = "https://pricing.twilio.com";
};

struct Desk {
  Agenda& agenda;
  Account& account;
  Network& network;
  Sids& sids;
  RestBases bases;
  std::string path;  ///< "/2010-04-01/Accounts/AC..."

  Instant now() const { return agenda.now(); }
};

/// One request to one operation.
struct Ask {
  std::string_view path;                ///< as it came, without its query
  std::array<std::string, 3> ids = {};  ///< what stood where the pattern has braces
  const Fields& fields;

  const std::string& id() const { return ids[0]; }
};

using Work = RestAnswer (*)(Desk&, const Ask&);

struct Operation {
  Work work = nullptr;
  std::span<const FormKey> keys = {};  ///< of the form, or of the query of a GET
};

enum class Suffix { json, none, wav, mp3 };

/// Under the account, or under /v1. {CA} stands for a SID of that kind, {SM|MM} for one of either, {*} for
/// any text.
struct Route {
  std::string_view pattern;
  Operation get = {}, post = {}, remove = {};
  Suffix suffix = Suffix::json;
  bool main_login = false;  ///< the account's own token only: API keys may not
};

// Above an account: "Accounts", "Accounts/{AC}".
std::span<const Route> account_routes();
// Under one.
std::span<const Route> application_routes();
std::span<const Route> available_number_routes();
std::span<const Route> balance_routes();
std::span<const Route> call_routes();
std::span<const Route> call_part_routes();
std::span<const Route> caller_id_routes();
std::span<const Route> conference_routes();
std::span<const Route> key_routes();
std::span<const Route> message_routes();
std::span<const Route> number_routes();
std::span<const Route> participant_routes();
std::span<const Route> queue_routes();
std::span<const Route> recording_routes();
std::span<const Route> usage_routes();
// Under /v1.
std::span<const Route> trunk_routes();
std::span<const Route> service_routes();
std::span<const Route> pricing_routes();

}  // namespace ringctl::sim

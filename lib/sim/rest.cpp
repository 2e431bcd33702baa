#include "sim/rest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "base/text.hpp"
#include "sim/urls.hpp"
#include "twilio/hmac.hpp"

namespace ringctl::sim {
namespace {

constexpr std::string_view k_2010 = "/2010-04-01/", k_accounts = "/2010-04-01/Accounts", k_v1 = "/v1/";
constexpr std::string_view k_form = "application/x-www-form-urlencoded";

/// `kinds`: "SM|MM".
bool is_sid_of_any(std::string_view text, std::string_view kinds) {
  while (!kinds.empty()) {
    const auto end = std::min(kinds.find('|'), kinds.size());
    if (is_any_case_sid(text, kinds.substr(0, end))) return true;
    kinds.remove_prefix(std::min(end + 1, kinds.size()));
  }
  return false;
}

struct Path {
  std::vector<std::string_view> pieces;
  Suffix suffix = Suffix::none;
};

/// `text`: without what comes before the resources.
Path split_path(std::string_view text) {
  Path path;
  static constexpr std::pair<std::string_view, Suffix> k_suffixes[] = {
      {".json", Suffix::json}, {".wav", Suffix::wav}, {".mp3", Suffix::mp3}};
  for (const auto& [ending, suffix] : k_suffixes)
    if (path.suffix == Suffix::none && text.ends_with(ending))
      path.suffix = suffix, text.remove_suffix(ending.size());
  path.pieces = base::split(text, '/');
  return path;
}

RestAnswer no_such_method(std::string_view method) {
  return refuse(405, 20004, fmt::format("Method {} is not allowed here", method));
}

RestAnswer no_login() {
  auto answer = refuse(401, 20003, "Authenticate");
  answer.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Twilio API\"");
  return answer;
}

bool is_form(std::string_view content_type) {
  return base::ascii_lower(base::trim(content_type.substr(0, content_type.find(';')))) == k_form;
}

const Operation* operation_of(const Route& route, std::string_view method) {
  if (method == "GET") return &route.get;
  if (method == "POST") return &route.post;
  return method == "DELETE" ? &route.remove : nullptr;
}

}  // namespace

/// The routes, their patterns cut up once, by the first piece of their path.
class Rest::Router {
 public:
  void add(std::span<const Route> routes) {
    for (const auto& route : routes) {
      auto pieces = base::split(route.pattern, '/');
      const auto first = pieces.front();
      routes_[first].push_back({&route, std::move(pieces)});
    }
  }

  /// Fills in `ask.ids`. Null if there is no such path.
  const Route* find(const Path& path, Ask& ask) const {
    if (path.pieces.empty()) return nullptr;
    const auto family = routes_.find(path.pieces.front());
    if (family == routes_.end()) return nullptr;
    for (const auto& known : family->second)
      if (known.route->suffix == path.suffix && matches(known.pieces, path.pieces, ask)) return known.route;
    return nullptr;
  }

 private:
  struct Known {
    const Route* route;
    std::vector<std::string_view> pieces;
  };

  static bool matches(const std::vector<std::string_view>& pattern,
                      const std::vector<std::string_view>& pieces, Ask& ask) {
    if (pattern.size() != pieces.size()) return false;
    std::size_t ids = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (!pattern[i].starts_with('{')) {
        if (pattern[i] != pieces[i]) return false;
        continue;
      }
      const auto kind = pattern[i].substr(1, pattern[i].size() - 2);
      if (kind == "*" ? pieces[i].empty() : !is_sid_of_any(pieces[i], kind)) return false;
      ask.ids.at(ids++) = kind == "*" ? percent_decoded(pieces[i]) : std::string(pieces[i]);
    }
    return true;
  }

  std::map<std::string_view, std::vector<Known>> routes_;
};

Rest::Rest(Agenda& agenda, Account& account, Network& network, Sids& sids, RestBases bases)
    : desk_{agenda, account, network, sids, std::move(bases), fmt::format("{}/{}", k_accounts, account.sid)},
      accounts_(std::make_unique<Router>()),
      account_(std::make_unique<Router>()),
      v1_(std::make_unique<Router>()) {
  accounts_->add(account_routes());
  for (const auto routes :
       {balance_routes(), application_routes(), available_number_routes(), call_routes(), call_part_routes(),
        caller_id_routes(), conference_routes(), key_routes(), message_routes(), number_routes(),
        participant_routes(), queue_routes(), recording_routes(), usage_routes()})
    account_->add(routes);
  v1_->add(trunk_routes());
  v1_->add(service_routes());
  v1_->add(pricing_routes());
}

Rest::~Rest() = default;

RestAnswer Rest::handle(const RestRequest& request) {
  auto answer = made(request);
  if (witness_) witness_(request, answer);
  return answer;
}

RestAnswer Rest::made(const RestRequest& request) {
  const auto who = login(request.authorization);
  if (who == Login::none) return no_login();
  // Whatever goes wrong goes wrong for this one request: the network lives on.
  try {
    return route(request, who);
  } catch (const std::exception& error) {
    return refuse(500, 20500, fmt::format("Internal Server Error: {}", error.what()));
  }
}

Rest::Login Rest::login(std::string_view authorization) const {
  constexpr std::string_view k_basic = "basic ";
  if (base::ascii_lower(authorization.substr(0, k_basic.size())) != k_basic) return Login::none;
  const auto given = base::trim(authorization.substr(k_basic.size()));
  const auto is_given = [&](const std::string& user, const base::Secret& password) {
    return given == twilio::base64(user + ":" + password.reveal());
  };
  if (is_given(desk_.account.sid, desk_.account.auth_token)) return Login::main;
  const auto* const key =
      desk_.account.keys.first([&](const Key& one) { return is_given(one.sid, one.secret); });
  return key == nullptr ? Login::none : Login::key;
}

RestAnswer Rest::route(const RestRequest& request, Login who) {
  const auto path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (path.starts_with(k_2010)) return in_account(request, path, who);
  if (!path.starts_with(k_v1)) return not_found(path);
  Ask ask{.path = path, .fields = fields_};
  const auto* const found = v1_->find(split_path(path.substr(k_v1.size())), ask);
  return found == nullptr ? not_found(path) : serve(request, *found, ask);
}

/// The account's own resource and the list of accounts have patterns of their own: "Accounts",
/// "Accounts/{AC}".
RestAnswer Rest::in_account(const RestRequest& request, std::string_view path, Login who) {
  auto rest = path.substr(k_2010.size());
  const auto own = std::string_view(desk_.path).substr(k_2010.size());
  const bool is_inside = rest.starts_with(own) && rest.substr(own.size()).starts_with('/');
  if (is_inside) rest.remove_prefix(own.size() + 1);
  Ask ask{.path = path, .fields = fields_};
  const auto* const found = (is_inside ? account_ : accounts_)->find(split_path(rest), ask);
  if (found == nullptr) return not_found(path);
  if (found->main_login && who != Login::main) return no_login();
  return serve(request, *found, ask);
}

RestAnswer Rest::serve(const RestRequest& request, const Route& route, Ask& ask) {
  const auto* const operation = operation_of(route, request.method);
  if (operation == nullptr || operation->work == nullptr) return no_such_method(request.method);
  const bool is_get = request.method == "GET";
  const auto question = request.target.find('?');
  const auto query = question == std::string::npos ? std::string_view()
                                                   : std::string_view(request.target).substr(question + 1);
  if (!is_get && !query.empty()) {
    if (auto wrong = fields_.read(query, {})) return *wrong;
  }
  if (!is_get && !request.body.empty() && !is_form(request.content_type))
    return refuse(415, 20001, fmt::format("Unsupported content type; send {}", k_form));
  if (auto wrong = fields_.read(is_get ? query : std::string_view(request.body), operation->keys))
    return *wrong;
  return operation->work(desk_, ask);
}

}  // namespace ringctl::sim

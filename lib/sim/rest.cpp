#include "sim/rest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "base/text.hpp"

namespace ringctl::sim {
namespace {

constexpr std::string_view k_2010 = "/2010-04-01/", k_accounts = "/2010-04-01/Accounts", k_v1 = "/v1/";
constexpr std::string_view k_json = ".json", k_wav = ".wav";
constexpr std::string_view k_form = "application/x-www-form-urlencoded";

/// Reads padded Base64; nullopt if it is none.
std::optional<std::string> from_base64(std::string_view text) {
  static constexpr std::string_view k_digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  unsigned bits = 0, held = 0;
  for (const char c : text) {
    const auto digit = k_digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U) | static_cast<unsigned>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> held) & 0xFFU);
  }
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// A piece of a path: %XX is a byte, + is itself.
std::string decoded(std::string_view piece) {
  std::string out;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    const bool coded = piece[i] == '%' && i + 2 < piece.size() && hex_value(piece[i + 1]) >= 0 &&
                       hex_value(piece[i + 2]) >= 0;
    out += coded ? static_cast<char>(hex_value(piece[i + 1]) * 16 + hex_value(piece[i + 2])) : piece[i];
    if (coded) i += 2;
  }
  return out;
}

bool is_sid_of(std::string_view text, std::string_view kinds) {
  constexpr std::size_t k_size = 34;
  if (text.size() != k_size) return false;
  const auto all = base::split(kinds, '|');
  if (std::none_of(all.begin(), all.end(), [&](std::string_view kind) { return text.starts_with(kind); }))
    return false;
  return std::all_of(text.begin() + 2, text.end(), [](char c) { return hex_value(c) >= 0; });
}

struct Path {
  std::vector<std::string_view> pieces;
  Suffix suffix = Suffix::none;
};

/// `text`: without what comes before the resources.
Path split_path(std::string_view text) {
  Path path;
  if (text.ends_with(k_json)) path.suffix = Suffix::json, text.remove_suffix(k_json.size());
  if (path.suffix == Suffix::none && text.ends_with(k_wav))
    path.suffix = Suffix::wav, text.remove_suffix(k_wav.size());
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
      if (kind == "*" ? pieces[i].empty() : !is_sid_of(pieces[i], kind)) return false;
      ask.ids.at(ids++) = kind == "*" ? decoded(pieces[i]) : std::string(pieces[i]);
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
}

Rest::~Rest() = default;

RestAnswer Rest::handle(const RestRequest& request) {
  const auto who = login(request.authorization);
  return who == Login::none ? no_login() : route(request, who);
}

Rest::Login Rest::login(std::string_view authorization) const {
  constexpr std::string_view k_basic = "basic ";
  if (base::ascii_lower(authorization.substr(0, k_basic.size())) != k_basic) return Login::none;
  const auto text = from_base64(base::trim(authorization.substr(k_basic.size())));
  const auto colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos) return Login::none;
  const auto user = text->substr(0, colon), password = text->substr(colon + 1);
  if (user == desk_.account.sid)
    return password == desk_.account.auth_token.reveal() ? Login::main : Login::none;
  const auto* const key = desk_.account.keys.find(user);
  return key != nullptr && key->secret.reveal() == password ? Login::key : Login::none;
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

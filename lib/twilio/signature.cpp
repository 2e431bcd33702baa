// The signed text is never put together for a check: its pieces go into the HMAC one after another, the
// sorted parameters as one piece that all spellings and tokens share.

#include "twilio/signature.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "twilio/hmac.hpp"

namespace ringctl::twilio {
namespace {

constexpr std::string_view k_body_hash = "bodySHA256";
/// Of the URL in pieces: scheme, host, port, and what stands before and in the target.
using Pieces = std::array<std::string_view, 5>;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

struct Base {
  std::string_view scheme, host, port, path;  ///< "https://", "h", ":8443", "/prefix"

  explicit Base(std::string_view url) {
    const auto colon = url.find("://");
    const auto begin = colon == std::string_view::npos ? 0 : colon + 3;
    scheme = url.substr(0, begin);
    auto authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
    path = url.substr(begin + authority.size());
    while (path.ends_with('/')) path.remove_suffix(1);
    // An @ may stand in a password too; the last one ends it.
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
    // A colon begins the port only behind the bracket that ends an IPv6 address.
    const auto bracket = authority.rfind(']');
    const auto port_at = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    host = authority.substr(0, port_at);
    if (port_at != std::string_view::npos) port = authority.substr(port_at);
  }
  std::string_view default_port() const {
    const auto is = [&](std::string_view name) { return std::ranges::equal(scheme, name, {}, lower); };
    return is("https://") || is("wss://") ? ":443" : ":80";
  }
};

void append_percent(std::string& out, char c) {
  static constexpr std::string_view k_hex = "0123456789ABCDEF";
  out += '%';
  out += k_hex[static_cast<unsigned char>(c) >> 4];
  out += k_hex[static_cast<unsigned char>(c) & 15];
}

/// As a URL parser writes path and query (WHATWG URL, "path" and "special-query percent-encode set"). Dot
/// segments and backslashes stay: no webhook path of ours has them.
void append_normalized(std::string& out, std::string_view target) {
  bool query = false;
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = byte <= 0x20 || byte >= 0x7F;
    if (!query && c == '?') {
      query = true;
      out += c;
    } else if (control || std::string_view(query ? "\"#<>'" : "\"#<>`{}").find(c) != std::string_view::npos) {
      append_percent(out, c);
    } else {
      out += c;
    }
  }
}

/// As encodeURIComponent writes a text.
void append_component(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.!~*'()").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      append_percent(out, c);
    }
  }
}

/// The query taken apart and put together again as Node's querystring module does: values of one name stand
/// together, a space is %20.
void append_rewritten(std::string& out, std::string_view target) {
  const auto question = target.find('?');
  out += target.substr(0, question);
  if (question == std::string_view::npos) return;
  out += '?';
  Form query;
  query.parse(target.substr(question + 1));
  std::vector<bool> written(query.size(), false);
  for (std::size_t i = 0; i < query.size(); ++i)
    for (std::size_t k = i; k < query.size(); ++k) {
      if (written[k] || query[k].name != query[i].name) continue;
      written[k] = true;
      if (out.back() != '?') out += '&';
      append_component(out, query[k].name);
      out += '=';
      append_component(out, query[k].value);
    }
}

/// The value of bodySHA256 in the query, decoded; "" if it stands elsewhere in the URL.
std::string body_hash(std::string_view target) {
  const auto question = target.find('?');
  if (question == std::string_view::npos) return {};
  Form query;
  query.parse(target.substr(question + 1));
  return std::string(query.get(k_body_hash));
}

}  // namespace

struct Scratch::State {
  struct Key {
    base::Secret token;
    Hmac hmac;
  };
  /// More tokens than an account has; an operator with more accounts keeps them all warm.
  static constexpr std::size_t k_most_keys = 64;

  std::vector<Key> keys;
  std::vector<Form::Parameter> sorted;
  std::string parameters;            ///< sorted names and values
  std::string scheme, host, target;  ///< as a URL parser writes them

  Hmac& hmac(const base::Secret& token) {
    for (auto& key : keys)
      if (key.token.reveal() == token.reveal()) return key.hmac;
    if (keys.size() == k_most_keys) keys.erase(keys.begin());
    return keys.emplace_back(Key{token, Hmac(Hash::sha1, token.reveal())}).hmac;
  }

  void take_parameters(const Form* form) {
    parameters.clear();
    if (form == nullptr) return;
    sorted.clear();
    for (std::size_t i = 0; i < form->size(); ++i) sorted.push_back((*form)[i]);
    std::ranges::sort(sorted, [](const auto& a, const auto& b) {
      return a.name != b.name ? a.name < b.name : a.value < b.value;
    });
    const auto end = std::unique(sorted.begin(), sorted.end());
    for (auto at = sorted.begin(); at != end; ++at) {
      parameters += at->name;
      parameters += at->value;
    }
  }
};

Scratch::Scratch() : state_(std::make_unique<State>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

/// One verification.
class Check {
 public:
  Check(const Request& request, Scratch& scratch)
      : request_(request), base_(request.base), state_(*scratch.state_) {}

  Signed run(std::span<const base::Secret> tokens, Match* match) {
    if (tokens.empty()) return Signed::no_token;
    if (request_.signature.empty()) return Signed::missing;
    if (request_.signature.size() != SignatureText().size()) return Signed::mismatch;
    const bool body_signed = is_body_signed();
    state_.take_parameters(body_signed ? nullptr : request_.form);
    const bool found = any_spelling([&](const Pieces& pieces) { return any_token(pieces, tokens, match); });
    if (!found) return Signed::mismatch;
    if (body_signed) return body_matches() ? Signed::ok : Signed::body_mismatch;
    return request_.form != nullptr || request_.body.empty() ? Signed::ok : Signed::body_mismatch;
  }

  std::vector<std::string> urls() {
    std::vector<std::string> out;
    any_spelling([&](const Pieces& pieces) {
      auto url = joined(pieces);
      if (std::ranges::find(out, url) == out.end()) out.push_back(std::move(url));
      return false;
    });
    return out;
  }

  std::string parameters() {
    state_.take_parameters(is_body_signed() ? nullptr : request_.form);
    return state_.parameters;
  }

 private:
  bool is_body_signed() const { return request_.target.find(k_body_hash) != std::string_view::npos; }

  /// `wanted(pieces)` for each spelling until one is true. Those that need writing come last and are left out
  /// where they write nothing new.
  template <typename Wanted>
  bool any_spelling(Wanted&& wanted) {
    const auto& [scheme, host, given_port, path] = base_;
    const auto port = given_port.empty() ? base_.default_port() : given_port;
    const auto both = [&](std::string_view a_scheme, std::string_view a_host, std::string_view prefix,
                          std::string_view target) {
      return wanted(Pieces{a_scheme, a_host, "", prefix, target}) ||
             wanted(Pieces{a_scheme, a_host, port, prefix, target});
    };
    if (both(scheme, host, path, request_.target)) return true;

    take_lower(scheme, state_.scheme);
    take_lower(host, state_.host);
    state_.target.clear();
    append_normalized(state_.target, path);
    append_normalized(state_.target, request_.target);
    const bool differs = state_.scheme != scheme || state_.host != host ||
                         state_.target.size() != path.size() + request_.target.size();
    if (differs && both(state_.scheme, state_.host, "", state_.target)) return true;

    if (request_.target.find('?') == std::string_view::npos) return false;
    std::string rewritten;
    append_rewritten(rewritten, state_.target);
    return rewritten != state_.target && both(state_.scheme, state_.host, "", rewritten);
  }

  static void take_lower(std::string_view text, std::string& out) {
    out.resize(text.size());
    std::ranges::transform(text, out.begin(), lower);
  }

  bool any_token(const Pieces& pieces, std::span<const base::Secret> tokens, Match* match) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      auto& hmac = state_.hmac(tokens[i]);
      hmac.start();
      for (const auto piece : pieces) hmac.update(piece);
      hmac.update(state_.parameters);
      const auto expected = signature_text(hmac.finish());
      if (!equal_in_constant_time({expected.data(), expected.size()}, request_.signature)) continue;
      if (match != nullptr) *match = {joined(pieces), i};
      return true;
    }
    return false;
  }

  bool body_matches() const {
    return equal_in_constant_time(base::sha256_hex(request_.body), body_hash(request_.target));
  }

  static std::string joined(const Pieces& pieces) {
    std::string out;
    for (const auto piece : pieces) out += piece;
    return out;
  }

  const Request& request_;
  Base base_;
  Scratch::State& state_;
};

Signed verify(const Request& request, std::span<const base::Secret> tokens, Scratch& scratch, Match* match) {
  return Check(request, scratch).run(tokens, match);
}

std::vector<std::string> candidate_urls(const Request& request) {
  Scratch scratch;
  return Check(request, scratch).urls();
}

std::string signed_parameters(const Request& request) {
  Scratch scratch;
  return Check(request, scratch).parameters();
}

std::string sign(std::string_view token, std::string_view url, const Form& form) {
  const Request request{.base = url, .target = {}, .signature = {}, .form = &form};
  Hmac hmac(Hash::sha1, token);
  hmac.start();
  hmac.update(url);
  hmac.update(signed_parameters(request));
  return base64(hmac.finish());
}

}  // namespace ringctl::twilio

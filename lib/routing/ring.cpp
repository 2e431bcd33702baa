#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "phone/e164.hpp"
#include "records/values.hpp"
#include "routing/rule.hpp"
#include "routing/strict_json.hpp"

namespace ringctl::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 12> k_names{"user",    "team",      "skill",     "extension",
                                                   "owner",   "number",    "assistant", "queue",
                                                   "message", "voicemail", "reject",    "hangup"};
constexpr std::size_t k_sip_uri = 254;

std::string read_email(const Node& node) {
  std::string email;
  base::Finding finding;
  if (!records::canonical_email(node.text(), {}, email, finding)) node.refuse(finding.message);
  return email;
}

std::string read_line(const Node& node) {
  std::string line;
  base::Finding finding;
  if (!records::canonical_line(node.text(), {}, line, finding)) node.refuse(finding.message);
  return line;
}

std::string read_extension(const Node& node) {
  const auto text = node.text();
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || text.size() > 20)
    node.refuse(fmt::format("{} is no extension (1 to 20 digits)", base::in_quotes(text)));
  return text;
}

std::string read_number(const Node& node) {
  const auto text = node.text();
  std::error_code error;
  const auto number = phone::E164::try_parse(text, error);
  if (!number) node.refuse(fmt::format("{} {}", base::in_quotes(text), error.message()));
  return number->text();
}

std::string read_sip_uri(const Node& node) {
  const auto text = node.text();
  const bool scheme = text.starts_with("sip:") || text.starts_with("sips:");
  const auto at = text.find('@');
  const bool odd = text.find_first_of(" <>\"'|\\") != std::string::npos;
  if (!scheme || odd || at == std::string::npos || at + 1 == text.size() || text[at - 1] == ':')
    node.refuse(fmt::format("{} is no SIP address (like sip:desk@example.com)", base::in_quotes(text)));
  if (text.size() > k_sip_uri) node.refuse(fmt::format("is longer than {} characters", k_sip_uri));
  return text;
}

std::string read_message(const Node& node) {
  auto text = node.text();
  const auto characters = base::count_characters(text);
  if (characters > k_longest_message)
    node.refuse(fmt::format("has {} characters, at most {} are said", characters, k_longest_message));
  return text;
}

void require_true(const Node& node) {
  if (!node.flag()) node.refuse("is true, or left out");
}

std::string read_reject(const Node& node) {
  if (!node.is_text()) return require_true(node), std::string();
  const auto text = node.text();
  if (text != "busy" && text != "rejected")
    node.refuse(fmt::format("{} is neither true, \"rejected\" nor \"busy\"", base::in_quotes(text)));
  return text == "busy" ? text : std::string();
}

std::string read_target(TargetKind kind, const Node& node) {
  switch (kind) {
    case TargetKind::user:
      return read_email(node);
    case TargetKind::team:
    case TargetKind::skill:
      return read_line(node);
    case TargetKind::extension:
      return read_extension(node);
    case TargetKind::number:
      return read_number(node);
    case TargetKind::assistant:
      return read_sip_uri(node);
    case TargetKind::message:
      return read_message(node);
    case TargetKind::reject:
      return read_reject(node);
    case TargetKind::owner:
    case TargetKind::queue:
    case TargetKind::voicemail:
    case TargetKind::hangup:
      break;
  }
  require_true(node);
  return {};
}

bool read_recording(const Node& node) {
  const auto text = node.text();
  if (text != "always" && text != "never")
    node.refuse(fmt::format("{} is neither \"always\" nor \"never\"", base::in_quotes(text)));
  return text == "always";
}

/// That targets can follow each other as they do; `places` are theirs.
void require_order(const Node& node, const Ring& ring, const std::vector<std::string>& places) {
  const auto refuse = [&](std::size_t i, std::string_view why) {
    throw Refused{places[i], std::string(why)};
  };
  bool parties = false, queued = false, ended = false;
  for (std::size_t i = 0; i < ring.targets.size(); ++i) {
    const auto kind = ring.targets[i].kind;
    if (ended) refuse(i, "is never reached: the call has ended");
    if (queued && is_party(kind)) refuse(i, "stands behind the queue: who is rung from it stands before it");
    if (kind == TargetKind::reject && i > 0) refuse(i, "comes too late: a call can only be rejected at once");
    if (kind == TargetKind::queue && !parties) refuse(i, "has nobody before it who could answer");
    if (kind == TargetKind::queue && queued) refuse(i, "stands twice");
    parties = is_party(kind) || (parties && kind != TargetKind::message);
    queued = queued || kind == TargetKind::queue;
    ended = kind == TargetKind::voicemail || kind == TargetKind::reject || kind == TargetKind::hangup;
  }
  if (ring.targets.empty()) node.refuse("rings nobody");
}

Ring read_ring(const Node& node) {
  node.require_list();
  Ring ring;
  std::vector<std::string> places;
  const auto read_one = [&](std::string_view key, const Node& value) {
    if (key == "recording") {
      ring.recorded = read_recording(value);
      return;
    }
    const auto one = key == "users" ? std::string_view("user") : key;
    const auto kind =
        static_cast<TargetKind>(std::find(k_names.begin(), k_names.end(), one) - k_names.begin());
    const auto add = [&](const Node& item) {
      Target target{kind, read_target(kind, item)};
      const auto& held = ring.targets;
      if (is_party(kind) && std::find(held.begin(), held.end(), target) != held.end()) return;
      ring.targets.push_back(std::move(target));
      places.push_back(item.path());
    };
    const bool several = kind == TargetKind::user || kind == TargetKind::team || kind == TargetKind::skill ||
                         kind == TargetKind::extension || kind == TargetKind::number;
    if (several)
      value.each(k_most_targets, add);
    else
      add(value);
  };
  node.each(k_most_targets, [&](const Node& item) {
    std::size_t keys = 0;
    item.each_key({"user", "users", "team", "skill", "extension", "owner", "number", "assistant", "queue",
                   "message", "voicemail", "reject", "hangup", "recording"},
                  [&](std::string_view key, const Node& value) {
                    if (++keys > 1) value.refuse("is a second target in one object: each has its own");
                    read_one(key, value);
                  });
    if (keys == 0) item.refuse("is empty");
  });
  if (ring.targets.size() > k_most_targets)
    node.refuse(fmt::format("has {} targets, at most {} are taken", ring.targets.size(), k_most_targets));
  require_order(node, ring, places);
  return ring;
}

Json json_of(const Target& target) {
  const std::string name(name_of(target.kind));
  Json json = Json::object();
  if (target.text.empty())
    json[name] = true;
  else
    json[name] = target.text;
  return json;
}

}  // namespace

std::string_view name_of(TargetKind kind) { return k_names.at(static_cast<std::size_t>(kind)); }

std::optional<Ring> try_parse_ring(std::string_view text, base::Finding& finding) {
  try {
    const auto value = parse_strict(text, "/ring");
    return read_ring(Node(value, "/ring"));
  } catch (const Refused& refused) {
    finding = {"bad_ring", fmt::format("{}: {}", refused.path, refused.why)};
    return std::nullopt;
  }
}

std::string text_of(const Ring& ring) {
  Json json = Json::array();
  for (const auto& target : ring.targets) json.push_back(json_of(target));
  if (ring.recorded) {
    Json recording = Json::object();
    recording["recording"] = *ring.recorded ? "always" : "never";
    json.push_back(std::move(recording));
  }
  return json.dump();
}

}  // namespace ringctl::routing

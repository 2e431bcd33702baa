#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "estate/trunks.hpp"
#include "records/values.hpp"

namespace ringctl::estate {
namespace {

constexpr std::size_t k_most_name = 32, k_most_name_bytes = 48;  // a part of names at LiveKit, which take 64
constexpr std::size_t k_most_text = 128;
constexpr std::string_view k_first_room_prefix = "call-";
constexpr std::string_view k_cloud = ".livekit.cloud";

constexpr std::string_view k_columns =
    "id, name, host, sip_domain, api_key, agent_name, room_prefix, inbound_trunk_id, dispatch_rule_id, is_active, "
    "version, created_at, updated_at, sealed, key_id, (SELECT count(*) FROM phone_numbers p WHERE "
    "p.workspace_id = assistants.workspace_id AND p.assistant_id = assistants.id) AS numbers";

struct Row {
  Assistant assistant;
  std::string sealed;
};

Row row_of(const db::Rows& rows) {
  Row row;
  auto& assistant = row.assistant;
  assistant.id = rows.uuid(0);
  assistant.name = rows.text(1);
  assistant.host = rows.text(2);
  assistant.sip_domain = rows.text(3);
  assistant.api_key = rows.text(4);
  assistant.agent_name = rows.text(5);
  assistant.room_prefix = rows.text(6);
  assistant.inbound_trunk_id = rows.text(7);
  assistant.dispatch_rule_id = rows.text(8);
  assistant.is_active = rows.boolean(9);
  assistant.version = rows.integer(10);
  assistant.created_at = rows.instant(11);
  assistant.updated_at = rows.instant(12);
  row.sealed = rows.text(13);
  assistant.key_id = rows.text(14);
  assistant.numbers = rows.integer(15);
  return row;
}

/// Inside the caller's transaction.
std::vector<Row> read_all(db::Connection& db, const base::Uuid& workspace) {
  std::vector<Row> all;
  auto rows = db.query(
      fmt::format("SELECT {} FROM assistants WHERE workspace_id = $1 ORDER BY name", k_columns), {workspace});
  while (rows.next()) all.push_back(row_of(rows));
  return all;
}

const Row* find_in(const std::vector<Row>& all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Row& row) { return row.assistant.name == name; });
  return found == all.end() ? nullptr : &*found;
}

Error unknown(std::string_view what) {
  return {Errc::not_found, "assistants.unknown",
          fmt::format("the workspace has no assistant {}", base::in_quotes(what)), "ringctl assistants list"};
}

Error invalid(std::string message, std::string hint = {}) {
  return {Errc::invalid, "assistants.invalid", std::move(message), std::move(hint)};
}

// --- what the fields may hold ---

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// Of letters, digits and these.
bool is_word(std::string_view text, std::string_view others, std::size_t most) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || others.find(c) != std::string_view::npos;
  });
}

/// "host" or "host:7880"; an IPv6 address in brackets.
bool is_authority(std::string_view text) {
  constexpr std::size_t k_most_host = 253, k_most_port = 5;
  const auto bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const auto port = text.substr(colon + 1);
    if (port.empty() || port.size() > k_most_port || port.find_first_not_of("0123456789") != port.npos)
      return false;
    text = text.substr(0, colon);
  }
  if (text.starts_with('[')) return text.ends_with(']') && is_word(text.substr(1, text.size() - 2), ":.", 45);
  return is_word(text, "-.", k_most_host) && !text.starts_with('.') && !text.ends_with('.');
}

std::string_view name_in(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_this_machine(std::string_view authority) {
  const auto name = name_in(authority);
  return name == "localhost" || name == "[::1]" ||
         (name.starts_with("127.") && name.find_first_not_of("0123456789.") == name.npos);
}

struct Host {
  bool secure = true;
  std::string authority = {};
  std::string url() const { return (secure ? "https://" : "http://") + authority; }
};

/// As LiveKit's console shows it, "wss://x.livekit.cloud", or with https, or the bare name.
Host host_of(const std::string& typed) {
  struct Scheme {
    std::string_view begin;
    bool secure;
  };
  static constexpr std::array k_schemes = {Scheme{"https://", true}, Scheme{"wss://", true},
                                           Scheme{"http://", false}, Scheme{"ws://", false}};
  auto text = base::ascii_lower(base::trim(typed));
  Host host;
  for (const auto& scheme : k_schemes) {
    if (!text.starts_with(scheme.begin)) continue;
    host.secure = scheme.secure;
    text.erase(0, scheme.begin.size());
    break;
  }
  if (text.ends_with('/')) text.pop_back();
  if (!is_authority(text))
    throw invalid(fmt::format("{} is no host of LiveKit", base::in_quotes(typed)),
                  "wss://NAME.livekit.cloud");
  if (!host.secure && !is_this_machine(text))
    throw invalid(
        fmt::format("{} is asked in the clear, which only this machine may be", base::in_quotes(typed)),
        "https:// or wss://");
  host.authority = std::move(text);
  return host;
}

/// "" unless it is one of LiveKit's own cloud.
std::string sip_domain_of(const Host& host) {
  const auto name = name_in(host.authority);
  if (!name.ends_with(k_cloud)) return {};
  const auto project = name.substr(0, name.size() - k_cloud.size());
  if (project.empty() || project.find('.') != std::string_view::npos) return {};
  return fmt::format("{}.sip{}", project, k_cloud);
}

void require_name(const std::string& name) {
  base::Finding finding;
  if (name.empty() || base::trim(name) != name)
    throw invalid(
        fmt::format("{} is no name of an assistant: 1 to {} characters", base::in_quotes(name), k_most_name));
  if (!records::sound_text(name, k_most_name, false, finding))
    throw invalid(fmt::format("the name of the assistant {}", finding.message));
  if (name.size() > k_most_name_bytes)
    throw invalid(fmt::format("the name of the assistant has {} bytes in UTF-8, at most {} are kept",
                              name.size(), k_most_name_bytes));
}

void require_sound(const Assistant& assistant) {
  require_name(assistant.name);
  if (assistant.sip_domain.empty())
    throw invalid(fmt::format("nothing says where {} takes calls by SIP", assistant.host),
                  "--sip-domain NAME, as LiveKit's project settings show it");
  if (!is_authority(assistant.sip_domain))
    throw invalid(fmt::format("{} is no SIP domain", base::in_quotes(assistant.sip_domain)));
  if (!is_word(assistant.api_key, "_-", k_most_text))
    throw invalid(fmt::format("{} is no API key of LiveKit", base::in_quotes(assistant.api_key)),
                  "--api-key API... --api-secret-file FILE");
  if (!assistant.agent_name.empty() && !is_word(assistant.agent_name, "_-.", k_most_text))
    throw invalid(fmt::format("{} is no name of an agent: letters, digits, - _ .",
                              base::in_quotes(assistant.agent_name)));
  if (!is_word(assistant.room_prefix, "_-.", k_most_name))
    throw invalid(fmt::format("{} is no beginning of a room's name: up to {} letters, digits, - _ .",
                              base::in_quotes(assistant.room_prefix), k_most_name));
  for (const auto* id : {&assistant.inbound_trunk_id, &assistant.dispatch_rule_id})
    if (!id->empty() && !is_word(*id, "_-", k_most_text))
      throw invalid(fmt::format("{} is no ID of LiveKit's", base::in_quotes(*id)));
}

void require_secret(const base::Secret& secret) {
  const auto& text = secret.reveal();
  if (!text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; }))
    return;
  // It holds no byte of it.
  throw invalid("the API secret is one line without spaces; this one holds something else, or is empty");
}

// --- changes ---

Assistant changed_by(const AssistantChange& change, Assistant assistant) {
  const auto put = [](const std::optional<std::string>& from, std::string& to) {
    if (from) to = *from;
  };
  if (change.host) {
    const auto host = host_of(*change.host);
    if (host.url() != assistant.host) {
      assistant.sip_domain = sip_domain_of(host);
      assistant.inbound_trunk_id.clear();
      assistant.dispatch_rule_id.clear();
    }
    assistant.host = host.url();
  }
  if (change.sip_domain) assistant.sip_domain = base::ascii_lower(base::trim(*change.sip_domain));
  put(change.new_name, assistant.name);
  put(change.api_key, assistant.api_key);
  put(change.agent_name, assistant.agent_name);
  put(change.inbound_trunk_id, assistant.inbound_trunk_id);
  put(change.dispatch_rule_id, assistant.dispatch_rule_id);
  if (change.room_prefix)
    assistant.room_prefix =
        change.room_prefix->empty() ? std::string(k_first_room_prefix) : *change.room_prefix;
  if (change.is_active) assistant.is_active = *change.is_active;
  return assistant;
}

bool same(const Assistant& a, const Assistant& b) {
  const auto texts = [](const Assistant& one) {
    return std::array{one.name,       one.host,        one.sip_domain,       one.api_key,
                      one.agent_name, one.room_prefix, one.inbound_trunk_id, one.dispatch_rule_id,
                      one.key_id};
  };
  return texts(a) == texts(b) && a.is_active == b.is_active;
}

void require_free(const Assistant& assistant, const std::vector<Row>& all) {
  for (const auto& row : all)
    if (row.assistant.id != assistant.id && row.assistant.name == assistant.name)
      throw Error(Errc::conflict, "assistants.exists",
                  fmt::format("there is an assistant {} already", base::in_quotes(assistant.name)));
}

Error in_use(const Assistant& assistant) {
  return {Errc::conflict, "assistants.in_use",
          fmt::format("{} {} handed to {}", assistant.numbers,
                      assistant.numbers == 1 ? "number is" : "numbers are", base::in_quotes(assistant.name)),
          "ringctl assistants detach NUMBER"};
}

/// Another project knows neither the secret nor what was made in this one.
void require_possible(const Assistant& before, const Assistant& after, bool new_secret) {
  if (before.api_key != after.api_key && !new_secret)
    throw invalid(fmt::format("{} is another API key, which needs its own secret", after.api_key),
                  "--api-secret-file FILE");
  if (before.numbers > 0 && (before.host != after.host || before.sip_domain != after.sip_domain))
    throw in_use(before);
}

// --- the secret ---

std::string about(const base::Uuid& workspace, const base::Uuid& assistant) {
  return fmt::format("assistants/{}/{}", workspace.view(), assistant.view());
}

base::Secret open_row(const Row& row, const base::Uuid& workspace, const base::SealKey& key) {
  const auto& assistant = row.assistant;
  try {
    return key.open(row.sealed, about(workspace, assistant.id));
  } catch (const Error& error) {
    if (error.slug() != "seal.wrong_key") throw;
    throw Error(
        Errc::auth, "seal.wrong_key",
        fmt::format(
            "the secret of the assistant {} is sealed with the key {}, and the key that is configured "
            "is {}",
            base::in_quotes(assistant.name), assistant.key_id, key.id()),
        "set RINGCTL_SECRETS_KEY_FILE to that key, or give the API secret anew");
  }
}

/// True where it is sealed already, and with this key.
bool holds(const Row& row, const base::Uuid& workspace, const base::SealKey& key,
           const base::Secret& secret) {
  return row.assistant.key_id == key.id() && open_row(row, workspace, key).reveal() == secret.reveal();
}

// --- rows ---

nlohmann::json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

std::string image_of(const Assistant& assistant) {
  return nlohmann::json{{"name", assistant.name},
                        {"host", assistant.host},
                        {"sip_domain", assistant.sip_domain},
                        {"api_key", assistant.api_key},
                        {"key_id", assistant.key_id},
                        {"agent_name", text_or_null(assistant.agent_name)},
                        {"room_prefix", assistant.room_prefix},
                        {"inbound_trunk_id", text_or_null(assistant.inbound_trunk_id)},
                        {"dispatch_rule_id", text_or_null(assistant.dispatch_rule_id)},
                        {"is_active", assistant.is_active}}
      .dump();
}

void record(audit::Session& session, const base::Uuid& workspace, std::string_view action,
            const Assistant& assistant, std::optional<std::string> before, std::optional<std::string> after) {
  audit::record(session, workspace,
                {.action = action,
                 .object_type = "assistant",
                 .object_id = assistant.id,
                 .object_key = assistant.name,
                 .before = std::move(before),
                 .after = std::move(after)});
}

void insert(db::Connection& db, const base::Uuid& workspace, const Row& row) {
  const auto& one = row.assistant;
  db.exec(
      "INSERT INTO assistants (id, workspace_id, name, host, sip_domain, api_key, sealed, key_id, agent_name, "
      "room_prefix, inbound_trunk_id, dispatch_rule_id, is_active, version, created_at, updated_at) VALUES ($1, $2, "
      "$3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $14)",
      {one.id, workspace, one.name, one.host, one.sip_domain, one.api_key, row.sealed, one.key_id,
       db::or_null(one.agent_name), one.room_prefix, db::or_null(one.inbound_trunk_id),
       db::or_null(one.dispatch_rule_id), one.is_active, one.created_at});
}

/// As it was read, but for what `row` says anew. Another transaction may have changed it since, and its
/// secret must not be lost.
void update(db::Connection& db, const base::Uuid& workspace, const Row& row) {
  const auto& one = row.assistant;
  const auto rows = db.exec(
      "UPDATE assistants SET name = $3, host = $4, sip_domain = $5, api_key = $6, sealed = $7, key_id = $8, "
      "agent_name = $9, room_prefix = $10, inbound_trunk_id = $11, dispatch_rule_id = $12, is_active = $13, "
      "version = version + 1, updated_at = $14 WHERE workspace_id = $1 AND id = $2 AND version = $15",
      {workspace, one.id, one.name, one.host, one.sip_domain, one.api_key, row.sealed, one.key_id,
       db::or_null(one.agent_name), one.room_prefix, db::or_null(one.inbound_trunk_id),
       db::or_null(one.dispatch_rule_id), one.is_active, one.updated_at, one.version});
  if (rows == 0)
    throw Error(Errc::conflict, "assistants.stale",
                fmt::format("{} was changed meanwhile", base::in_quotes(one.name)),
                "ringctl assistants list");
}

template <class Work>
void run(audit::Session& session, const base::Uuid& workspace, bool write, const Work& work) {
  if (write) return db::in_transaction(session.db, db::Scope::of(workspace), work);
  db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
  work();
}

Assistant fresh(audit::Session& session, const AssistantChange& change) {
  if (!change.host) throw invalid("which host of LiveKit is missing", "--host wss://NAME.livekit.cloud");
  if (!change.api_secret)
    throw invalid("the API secret of LiveKit is missing", "--api-key API... --api-secret-file FILE");
  Assistant assistant;
  assistant.id = session.ids.next();
  assistant.name = change.name;
  assistant.room_prefix = k_first_room_prefix;
  return assistant;
}

}  // namespace

bool Assistants::save(const AssistantChange& change, const base::SealKey* key, bool write) {
  if (change.api_secret) {
    require_secret(*change.api_secret);
    if (key == nullptr)
      throw Error(Errc::config, "seal.no_key", "there is no key to seal the API secret with");
  }
  bool changed = false;
  run(session_, workspace_, write, [&] {
    const auto all = read_all(session_.db, workspace_);
    const auto* const before = find_in(all, change.name);
    Row after = before != nullptr ? *before : Row{fresh(session_, change), {}};
    after.assistant = changed_by(change, after.assistant);
    require_sound(after.assistant);
    if (before != nullptr)
      require_possible(before->assistant, after.assistant, change.api_secret.has_value());
    require_free(after.assistant, all);
    changed = before == nullptr;
    if (change.api_secret && (before == nullptr || !holds(*before, workspace_, *key, *change.api_secret))) {
      changed = true;
      after.assistant.key_id = key->id();
      after.sealed = key->seal(*change.api_secret, about(workspace_, after.assistant.id));
    }
    changed = changed || !same(before->assistant, after.assistant);
    if (!write || !changed) return;
    after.assistant.updated_at = session_.clock.now();
    if (before == nullptr) after.assistant.created_at = after.assistant.updated_at;
    before == nullptr ? insert(session_.db, workspace_, after) : update(session_.db, workspace_, after);
    record(session_, workspace_, before == nullptr ? "assistants.add" : "assistants.update", after.assistant,
           before == nullptr ? std::nullopt : std::optional(image_of(before->assistant)),
           image_of(after.assistant));
  });
  return changed;
}

void Assistants::remove(std::string_view what, bool write) {
  run(session_, workspace_, write, [&] {
    const auto all = read_all(session_.db, workspace_);
    const auto* const row = find_in(all, what);
    if (row == nullptr) throw unknown(what);
    if (row->assistant.numbers > 0) throw in_use(row->assistant);
    if (!write) return;
    session_.db.exec("DELETE FROM assistants WHERE workspace_id = $1 AND id = $2",
                     {workspace_, row->assistant.id});
    record(session_, workspace_, "assistants.remove", row->assistant, image_of(row->assistant), std::nullopt);
  });
}

std::vector<Assistant> Assistants::list() {
  db::Transaction transaction(session_.db, db::Scope::of(workspace_), db::Access::read);
  std::vector<Assistant> all;
  for (auto& row : read_all(session_.db, workspace_)) all.push_back(std::move(row.assistant));
  transaction.commit();
  return all;
}

std::optional<Assistant> Assistants::find(std::string_view what) {
  for (auto& assistant : list())
    if (assistant.name == what || assistant.id.view() == what) return std::move(assistant);
  return std::nullopt;
}

Assistant Assistants::get(std::string_view what) {
  auto assistant = find(what);
  if (!assistant) throw unknown(what);
  return *std::move(assistant);
}

base::Secret Assistants::open(const Assistant& assistant, const base::SealKey& key) {
  db::Transaction transaction(session_.db, db::Scope::of(workspace_), db::Access::read);
  const auto all = read_all(session_.db, workspace_);
  transaction.commit();
  const auto* const row = find_in(all, assistant.name);
  if (row == nullptr) throw unknown(assistant.name);
  return open_row(*row, workspace_, key);
}

std::int64_t Assistants::seal_anew(const base::SealKey& old_key, const base::SealKey& new_key, bool write) {
  std::int64_t count = 0;
  if (old_key.id() == new_key.id()) return count;
  run(session_, workspace_, write, [&] {
    count = 0;
    for (const auto& row : read_all(session_.db, workspace_)) {
      if (row.assistant.key_id != old_key.id()) continue;
      const auto secret = open_row(row, workspace_, old_key);
      ++count;
      if (!write) continue;
      auto after = row;
      after.assistant.key_id = new_key.id();
      after.assistant.updated_at = session_.clock.now();
      after.sealed = new_key.seal(secret, about(workspace_, after.assistant.id));
      update(session_.db, workspace_, after);
      record(session_, workspace_, "assistants.rekey", after.assistant, image_of(row.assistant),
             image_of(after.assistant));
    }
  });
  return count;
}

std::string sip_url_of(const Assistant& assistant) {
  return fmt::format("sip:{};transport=tcp", assistant.sip_domain);
}

}  // namespace ringctl::estate

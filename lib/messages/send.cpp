// Everything that can be said against a message is found before anything is written, and what may have moved
// since is looked at again in the transaction that writes it.

#include "messages/send.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "estate/pools.hpp"
#include "limits/countries.hpp"
#include "messages/counter.hpp"
#include "messages/opt_outs.hpp"
#include "messages/rows.hpp"
#include "messages/status.hpp"
#include "phone/region.hpp"
#include "records/values.hpp"

namespace ringctl::messages {
namespace {

using estate::TextingNumber;

constexpr std::string_view k_texting_provider = "twilio";
constexpr std::size_t k_longest_url = 2048;

// --- what is to be sent ---

void require_media(const std::vector<std::string>& media) {
  if (media.size() > k_most_media)
    throw Error(Errc::invalid, "messages.too_many_media",
                fmt::format("a message has at most {} pictures, not {}", k_most_media, media.size()));
  for (const auto& url : media) {
    const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7F; });
    if (!plain || url.size() > k_longest_url || !(url.starts_with("https://") || url.starts_with("http://")))
      throw Error(Errc::invalid, "messages.bad_media",
                  fmt::format("{} is no URL that Twilio can fetch", base::in_quotes(url)),
                  "an https URL that is open to the public");
  }
}

void require_body(const Draft& draft) {
  const auto bad =
      std::min(base::first_invalid_utf8(draft.body).value_or(std::string::npos), draft.body.find('\0'));
  if (bad != std::string::npos)
    throw Error(Errc::invalid, "messages.bad_text", fmt::format("the body is no UTF-8 text at byte {}", bad));
  if (base::trim(draft.body).empty() && draft.media.empty())
    throw Error(Errc::invalid, "messages.empty", "the message has neither text nor pictures");
}

void require_length(const std::string& body) {
  const auto characters = base::count_characters(body);
  if (characters > k_most_characters)
    throw Error(Errc::invalid, "messages.too_long",
                fmt::format("the message has {} characters, and Twilio takes {}",
                            base::group_digits(characters), base::group_digits(k_most_characters)));
}

phone::E164 destination_of(const Draft& draft, std::string_view country) {
  std::error_code why;
  auto to = phone::try_parse_typed(draft.to, country, why);
  if (!to)
    throw Error(Errc::invalid, "messages.bad_destination",
                fmt::format("{} cannot be texted: {}", base::in_quotes(draft.to), why.message()),
                "a number like +12025550143");
  return *to;
}

// --- from which number ---

std::optional<TextingNumber> find_number(db::Connection& db, const base::Uuid& workspace,
                                         std::string_view phone_number) {
  auto rows = db.query(
      "SELECT id, phone_number, provider, status, account_sid, sms_mode, country_code FROM phone_numbers "
      "WHERE workspace_id = $1 AND phone_number = $2",
      {workspace, phone_number});
  if (!rows.next()) return std::nullopt;
  TextingNumber number;
  number.id = rows.uuid(0);
  number.phone_number = rows.text(1);
  number.provider = rows.text(2);
  number.status = rows.text(3);
  number.account_sid = rows.text(4);
  number.sms_mode = rows.text(5);
  number.country_code = rows.text(6);
  return number;
}

bool can_text(const TextingNumber& number) {
  return number.status == "active" && number.provider == k_texting_provider;
}

TextingNumber named_number(db::Connection& db, const base::Uuid& workspace, const Draft& draft,
                           std::string_view country) {
  std::error_code why;
  const auto from = phone::try_parse_typed(draft.from_number, country, why);
  auto number = from ? find_number(db, workspace, from->view()) : std::nullopt;
  if (!number)
    throw Error(Errc::not_found, "numbers.unknown",
                fmt::format("{} is not in this workspace", base::in_quotes(draft.from_number)),
                "ringctl numbers list");
  return *std::move(number);
}

/// The newest conversation's that they may answer; else one of theirs, the first that can send if any can.
TextingNumber usual_number(db::Connection& db, const base::Uuid& workspace, const Person& sender,
                           const std::vector<Thread>& threads) {
  for (const auto& thread : threads) {
    if (!thread.number || !may_answer(db, workspace, sender, thread)) continue;
    if (auto number = find_number(db, workspace, thread.our_number)) return *std::move(number);
  }
  const auto own = estate::texting_numbers(db, workspace, sender.id);
  if (own.empty())
    throw Error(Errc::conflict, "messages.no_number",
                fmt::format("{} has no number to text from", sender.email),
                fmt::format("ringctl pools add +12025550143 {}", sender.email));
  const auto first = std::find_if(own.begin(), own.end(), can_text);
  return first == own.end() ? own.front() : *first;
}

// --- whose the conversation is ---

/// Newest first.
std::vector<Thread> threads_with(db::Connection& db, const base::Uuid& workspace, std::string_view to,
                                 base::Instant now) {
  std::vector<Thread> threads;
  ThreadFilter filter;
  filter.party = to;
  for_each_thread(db, workspace, filter, now, {}, false, 0,
                  [&](const Thread& thread) { threads.push_back(thread); });
  return threads;
}

Thread thread_to_be(const TextingNumber& number, std::string_view to) {
  Thread thread;
  thread.our_number = number.phone_number;
  thread.party_number = to;
  thread.number = number.id;
  thread.sms_mode = number.sms_mode;
  return thread;
}

bool is_anothers(const Thread& thread, const Person& sender, base::Instant now) {
  return !thread.is_free(now) && thread.assigned_user_id != sender.id.view();
}

std::optional<base::Uuid> contact_of(db::Connection& db, const base::Uuid& workspace, const Thread& thread) {
  if (auto known = base::Uuid::try_parse(thread.contact_id)) return known;
  const auto found =
      db.text("SELECT contact_id FROM contact_phones WHERE workspace_id = $1 AND phone_number = $2",
              {workspace, thread.party_number});
  return found ? base::Uuid::try_parse(*found) : std::nullopt;
}

/// The one of that number before one of any.
std::string extension_of(db::Connection& db, const base::Uuid& workspace, const Person& sender,
                         const TextingNumber& number) {
  auto found = db.text(
      "SELECT extension FROM user_extensions WHERE workspace_id = $1 AND user_id = $2 AND is_active = TRUE AND "
      "(number_id IS NULL OR number_id = $3) ORDER BY CASE WHEN number_id IS NULL THEN 1 ELSE 0 END, extension "
      "LIMIT 1",
      {workspace, sender.id, number.id});
  if (!found)
    throw Error(Errc::invalid, "messages.no_extension",
                fmt::format("{} has no extension that {} leads to", sender.email, number.phone_number),
                fmt::format("ringctl extensions list --user {}", sender.email));
  return *std::move(found);
}

// --- what stands against it ---

std::string country_line(const phone::E164& to, const TextingNumber& from,
                         const limits::CountryVerdict& verdict) {
  using Reason = limits::CountryReason;
  switch (verdict.reason) {
    case Reason::unknown_region:
      return fmt::format("{} is of no known country, and never wrote to {}", to.view(), from.phone_number);
    case Reason::premium:
      return fmt::format("{} is a premium-rate number, and never wrote to {}", to.view(), from.phone_number);
    case Reason::shared_cost:
      return fmt::format("{} is a shared-cost number, and never wrote to {}", to.view(), from.phone_number);
    case Reason::other_country:
    case Reason::allowed:
      break;
  }
  return fmt::format("{} is in {}, whose people {} may only answer", to.view(), verdict.region,
                     from.phone_number);
}

/// `countries` beside the number's own.
limits::CountryVerdict judge(const phone::E164& to, std::vector<std::string> countries,
                             const TextingNumber& from) {
  const auto own = phone::E164::parse(from.phone_number);
  if (const auto region = phone::region_code_of(own); !region.empty()) countries.emplace_back(region);
  return limits::judge_destination(to, countries, own);
}

std::vector<std::string> countries_of(std::string_view stored) {
  std::vector<std::string> countries;
  const auto text = records::list_text(stored);
  if (text.empty()) return countries;
  for (const auto country : base::split(text, '|')) countries.emplace_back(country);
  return countries;
}

std::string opted_out_line(std::string_view to) { return fmt::format("{} asked not to be texted", to); }

/// Whatever the country.
std::vector<std::pair<SendRefusal, std::string>> refusals_of(const TextingNumber& from, const phone::E164& to,
                                                             bool opted_out) {
  std::vector<std::pair<SendRefusal, std::string>> refusals;
  if (opted_out) refusals.emplace_back(SendRefusal::opted_out, opted_out_line(to.view()));
  if (from.status != "active")
    refusals.emplace_back(SendRefusal::number_inactive, fmt::format("{} is not active", from.phone_number));
  if (from.provider != k_texting_provider)
    refusals.emplace_back(
        SendRefusal::provider_not_callable,
        fmt::format("{} is held at {}; only numbers of Twilio can text", from.phone_number, from.provider));
  return refusals;
}

struct Decided {
  std::string country;
  std::vector<std::string> countries;
};

Decided read_decided(db::Connection& db, const base::Uuid& workspace) {
  auto rows = db.query("SELECT default_country, sms_countries FROM workspaces WHERE id = $1", {workspace});
  if (!rows.next()) return {};
  return {std::string(rows.text(0)), countries_of(rows.text(1))};
}

// --- rows ---

base::Uuid write_thread(audit::Session& session, const base::Uuid& workspace, const Outgoing& outgoing,
                        base::Instant now) {
  auto rows = session.db.query(
      "INSERT INTO message_threads (id, workspace_id, our_number, party_number, number_id, contact_id, "
      "last_message_at, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7) "
      "ON CONFLICT (workspace_id, our_number, party_number) DO UPDATE SET number_id = excluded.number_id, "
      "contact_id = coalesce(message_threads.contact_id, excluded.contact_id), last_message_at = "
      "CASE WHEN message_threads.last_message_at < excluded.last_message_at THEN excluded.last_message_at "
      "ELSE message_threads.last_message_at END, updated_at = excluded.updated_at RETURNING id",
      {session.ids.next(), workspace, outgoing.from_number, outgoing.to_number, outgoing.number,
       outgoing.contact, now});
  base::Uuid id;
  while (rows.next()) id = rows.uuid(0);
  return id;
}

void write_message(audit::Session& session, const base::Uuid& workspace, const base::Uuid& id,
                   const base::Uuid& thread, const Outgoing& outgoing, base::Instant now) {
  constexpr std::string_view k_status = "accepted";
  std::vector<Media> media;
  for (const auto& url : outgoing.media) media.push_back({.url = url, .content_type = {}});
  const auto stored_media = media_json(media);
  const auto seq = lock_counter(session.db, workspace) + 1;
  session.db.exec(
      "INSERT INTO messages (id, workspace_id, thread_id, account_sid, number_id, contact_id, user_id, "
      "direction, from_number, to_number, extension, body, media, encoding, segments, status, status_rank, "
      "message_seq, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'outbound', $8, $9, $10, $11, "
      "$12, $13, $14, $15, $16, $17, $18, $18)",
      {id, workspace, thread, outgoing.account_sid, outgoing.number, outgoing.contact, outgoing.sender.id,
       outgoing.from_number, outgoing.to_number, db::or_null(outgoing.extension), db::or_null(outgoing.body),
       db::or_null(stored_media), encoding_name(outgoing.size.encoding), outgoing.size.segments, k_status,
       rank_of(k_status), seq, now});
  write_counter(session.db, workspace, seq);
}

}  // namespace

std::string_view refusal_code(SendRefusal refusal) {
  switch (refusal) {
    case SendRefusal::opted_out:
      return "opted_out";
    case SendRefusal::country_not_allowed:
      return "country_not_allowed";
    case SendRefusal::number_inactive:
      return "number_inactive";
    case SendRefusal::provider_not_callable:
      return "provider_not_callable";
  }
  return "";
}

Error refused(const Outgoing& outgoing) {
  Error error(Errc::differs, "messages.refused",
              fmt::format("{} may not text {}", outgoing.sender.email, outgoing.to_number),
              "ringctl optouts list");
  for (const auto& [refusal, why] : outgoing.refusals)
    error.detail(fmt::format("{}: {}", refusal_code(refusal), why));
  return error;
}

Error claimed(const Thread& thread, std::string_view holder, const std::optional<base::Instant>& until) {
  Error error(
      Errc::conflict, "messages.claimed",
      fmt::format("{} has the conversation of {} with {}", holder, thread.our_number, thread.party_number),
      fmt::format("ringctl messages reassign {} USER", thread.id.short_id()));
  if (until) error.detail(fmt::format("until {}, unless they answer again", base::format_utc(*until)));
  return error;
}

Outgoing plan_send(db::Connection& db, const base::Uuid& workspace, const Draft& draft, base::Instant now) {
  require_media(draft.media);
  require_body(draft);
  const auto decided = read_decided(db, workspace);
  Outgoing outgoing;
  outgoing.sender = get_actor(db, workspace, draft.as);
  const auto to = destination_of(draft, decided.country);
  const auto threads = threads_with(db, workspace, to.view(), now);
  const auto number = draft.from_number.empty() ? usual_number(db, workspace, outgoing.sender, threads)
                                                : named_number(db, workspace, draft, decided.country);
  const auto here = std::find_if(threads.begin(), threads.end(), [&](const Thread& thread) {
    return thread.our_number == number.phone_number;
  });
  auto thread = here != threads.end() ? *here : thread_to_be(number, to.view());
  thread.number = number.id;  // which may have gone and come back
  if (!may_answer(db, workspace, outgoing.sender, thread))
    throw Error(
        Errc::auth, "messages.not_a_member",
        fmt::format("{} does not answer the messages of {}", outgoing.sender.email, number.phone_number),
        fmt::format("ringctl pools add {} {}", number.phone_number, outgoing.sender.email));
  if (to.view() == number.phone_number)
    throw Error(Errc::invalid, "messages.bad_destination",
                fmt::format("{} cannot text itself", number.phone_number));

  outgoing.from_number = number.phone_number;
  outgoing.to_number = to.text();
  outgoing.account_sid = number.account_sid;
  outgoing.number = number.id;
  if (here != threads.end()) outgoing.thread = here->id;
  outgoing.contact = contact_of(db, workspace, thread);
  outgoing.media = draft.media;
  outgoing.body = draft.body;
  if (draft.name_extension) {
    outgoing.extension = extension_of(db, workspace, outgoing.sender, number);
    outgoing.body += fmt::format("{}Reply to extension {}: begin with #{}", draft.body.empty() ? "" : "\n",
                                 outgoing.extension, outgoing.extension);
  }
  require_length(outgoing.body);
  outgoing.size = size_of(outgoing.body);
  if (!outgoing.media.empty()) outgoing.size.segments = 1;  // an MMS is one, whatever its text

  outgoing.claims = mode_from(number.sms_mode) != Mode::notify_all;
  if (outgoing.claims && is_anothers(thread, outgoing.sender, now))
    throw claimed(thread, thread.assigned_to, thread.lease_expires_at);

  outgoing.refusals = refusals_of(number, to, is_opted_out(db, workspace, to.view()));
  if (!thread.last_inbound_at)
    if (const auto verdict = judge(to, decided.countries, number); !verdict)
      outgoing.refusals.emplace_back(SendRefusal::country_not_allowed, country_line(to, number, verdict));
  return outgoing;
}

base::Uuid record_send(audit::Session& session, const base::Uuid& workspace, const Outgoing& outgoing) {
  audit::Session acting{session.db, session.clock, session.ids, "user:" + outgoing.sender.email};
  auto& db = session.db;
  const auto now = session.clock.now();
  lock_counter(db, workspace);  // STOP, and whoever else claims, comes before this or after it
  if (is_opted_out(db, workspace, outgoing.to_number)) {
    auto late = outgoing;
    late.refusals = {{SendRefusal::opted_out, opted_out_line(outgoing.to_number)}};
    throw refused(late);
  }
  const auto id = session.ids.next();
  const auto thread = write_thread(session, workspace, outgoing, now);
  write_message(session, workspace, id, thread, outgoing, now);
  if (outgoing.claims) {
    const auto claim =
        claim_now(acting, workspace, thread, outgoing.sender, By::reply, lease_of(db, workspace));
    if (!claim.won) throw claimed(thread_by_id(db, workspace, thread), claim.holder, claim.lease_expires_at);
  }
  const nlohmann::json image{
      {"thread", thread.text()}, {"segments", outgoing.size.segments}, {"media", outgoing.media.size()}};
  audit::record(acting, workspace,
                {.action = "messages.send",
                 .object_type = "message",
                 .object_id = id,
                 .object_key = id.view(),
                 .after = image.dump()});
  return id;
}

}  // namespace ringctl::messages

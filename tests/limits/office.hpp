#pragma once
// An office with agents and numbers, made with plain SQL, on either engine.

#include <fmt/format.h>

#include "limits/reserve.hpp"
#include "limits/settle.hpp"
#include "support/session.hpp"

namespace ringctl::test {

/// One row of daily_usage.
struct Counter {
  std::int64_t reserved = 0, connected = 0, refunded = 0, adjusted = 0;
  std::int64_t used() const { return reserved - refunded - adjusted; }
  friend bool operator==(const Counter&, const Counter&) = default;
};

inline const std::string k_ann = "ann@example.com";
inline const std::string k_from = "+12025550100";
inline const std::string k_to = "+12025550199";

struct Office : Estate {
  explicit Office(db::Engine engine) : Estate(engine) {}

  base::Uuid agent(const std::string& email = k_ann) {
    const auto id = alice.ids.next();
    write([&] {
      db().exec(
          "INSERT INTO users (id, workspace_id, email, role, ring_on, availability, is_active, created_at, "
          "updated_at) VALUES ($1, $2, $3, 'agent', 'client', 'online', TRUE, $4, $4)",
          {id, workspace, email, clock.now()});
    });
    return id;
  }

  base::Uuid number(const std::string& phone_number = k_from) {
    const auto id = alice.ids.next();
    write([&] {
      db().exec(
          "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
          "VALUES ($1, $2, $3, 'twilio', 'active', $4, $4)",
          {id, workspace, phone_number, clock.now()});
    });
    return id;
  }

  /// `countries`: JSON array, "" = none.
  base::Uuid assign(const base::Uuid& agent, const base::Uuid& number, std::int64_t limit = 100,
                    std::string_view countries = {}) {
    const auto id = alice.ids.next();
    write([&] {
      db().exec(
          "INSERT INTO agent_phone_numbers (id, workspace_id, agent_id, phone_number_id, voice, is_active, "
          "daily_limit, allowed_countries, created_at, updated_at) VALUES ($1, $2, $3, $4, TRUE, TRUE, $5, $6, $7, "
          "$7)",
          {id, workspace, agent, number, limit, db::or_null(countries), clock.now()});
    });
    return id;
  }

  /// Ann with one number.
  base::Uuid ann(std::int64_t limit = 100, std::string_view countries = {}) {
    return assign(agent(), number(), limit, countries);
  }

  void exec(std::string_view sql, std::initializer_list<db::Param> params = {}) {
    write([&] { db().exec(sql, params); });
  }
  void decide(std::string_view column, std::string_view value) {
    exec(fmt::format("UPDATE workspaces SET {} = $2 WHERE id = $1", column), {workspace, value});
  }
  std::int64_t integer(std::string_view sql, std::initializer_list<db::Param> params = {}) {
    return read([&] { return db().integer(sql, params).value_or(0); });
  }

  Counter counter(const base::Uuid& assignment, const std::string& day = "2026-03-08") {
    return read([&] {
      auto rows = db().query(
          "SELECT reserved, connected, refunded, adjusted FROM daily_usage WHERE assignment_id = $1 AND day = $2",
          {assignment, day});
      if (!rows.next()) return Counter{};
      return Counter{rows.integer(0), rows.integer(1), rows.integer(2), rows.integer(3)};
    });
  }

  limits::Verdict check(const std::string& to = k_to, const std::string& from = {}) {
    return limits::check(session(), workspace, {.agent = k_ann, .to = to, .from_number = from});
  }
  limits::Verdict reserve(const std::string& to = k_to, const std::string& from = {}) {
    return limits::reserve(session(), workspace, {.agent = k_ann, .to = to, .from_number = from});
  }
  limits::Verdict reserve_call(const std::string& call_sid) {
    return limits::reserve(session(), workspace, {.agent = k_ann, .to = k_to, .call_sid = call_sid});
  }
};

/// The codes of the refusals, in order, joined by spaces.
inline std::string codes(const limits::Verdict& verdict) {
  std::string all;
  for (const auto& reason : verdict.refusals)
    all += (all.empty() ? "" : " ") + std::string(limits::refusal_code(reason.refusal));
  return all;
}

inline std::string call_sid(int n) { return fmt::format("CA{:032x}", n); }

}  // namespace ringctl::test

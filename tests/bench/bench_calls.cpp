// Webhooks made into rows: how many a second, in transactions of so many, each call of eight events in the
// order of time among 500 others. Makes the schema and a workspace of its own. Prints one line of figures.
//   bench_calls URL CALLS [PIECE...]

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "calls/apply.hpp"
#include "db/migrations.hpp"
#include "db/transaction.hpp"

using namespace ringctl;
using calls::Event;
using calls::Kind;
using Steady = std::chrono::steady_clock;
using Form = std::vector<std::pair<std::string, std::string>>;

namespace {

constexpr int k_agents = 100, k_at_once = 500, k_seconds_of_call = 500;

class Estate {
 public:
  explicit Estate(const std::string& url)
      : db(db::Connection::open(url, options())), ids(clock), session{*db, clock, ids, "bench"} {
    db::migrate(*db, clock);
    workspace = ids.next();
    db::in_transaction(*db, db::Scope::of(workspace), [&] {
      db->exec(
          "INSERT INTO workspaces (id, name, timezone, created_at, updated_at) VALUES ($1, $2, 'UTC', $3, $3)",
          {workspace, "bench " + workspace.text(), clock.now()});
      for (int n = 0; n < k_agents; ++n) {
        agents.push_back(ids.next());
        db->exec(
            "INSERT INTO users (id, workspace_id, email, role, ring_on, availability, is_active, created_at, "
            "updated_at) VALUES ($1, $2, $3, 'agent', 'client', 'online', TRUE, $4, $4)",
            {agents.back(), workspace, fmt::format("agent{}@example.com", n), clock.now()});
      }
    });
    start = clock.now();
  }

  static db::OpenOptions options() {
    db::OpenOptions options;
    options.create = true;
    return options;
  }

  base::SystemClock clock;
  std::unique_ptr<db::Connection> db;
  base::UuidGenerator ids;
  audit::Session session;
  base::Uuid workspace;
  std::vector<base::Uuid> agents;
  base::Instant start;
};

/// The events of one call; as large as Twilio's forms are.
class CallMaker {
 public:
  CallMaker(const Estate& estate, std::uint64_t run, int n)
      : estate_(estate), sid_(fmt::format("CA{:016x}{:016x}", run, n)), n_(n) {}

  void add_to(std::vector<Event>& events) const {
    const auto begin = estate_.start + std::chrono::milliseconds(n_ * 1000LL * k_seconds_of_call / k_at_once);
    auto first = event(Kind::inbound, begin, form(sid_, "ringing"));
    first.decision = calls::Decision{.customer_name = "Lin Park",
                                     .routed_by = "rule",
                                     .rule = "Sales",
                                     .plan = std::string(600, ' ').replace(0, 2, "{}")};
    events.push_back(std::move(first));
    add_leg(events, begin, 0, {{1, "ringing"}, {8, "in-progress"}, {480, "completed"}});
    add_leg(events, begin, 1, {{1, "ringing"}, {8, "canceled"}});
    auto dial = form(sid_, "in-progress");
    dial.insert(dial.end(),
                {{"DialCallSid", leg_sid(0)}, {"DialCallStatus", "completed"}, {"DialCallDuration", "472"}});
    events.push_back(event(Kind::next, begin + std::chrono::seconds(481), dial));
    auto end = form(sid_, "completed");
    end.insert(end.end(), {{"SequenceNumber", "3"}, {"CallDuration", "482"}});
    events.push_back(event(Kind::status, begin + std::chrono::seconds(482), end));
  }

 private:
  std::string leg_sid(int leg) const { return fmt::format("CA{}{}{:015x}", sid_.substr(2, 16), leg + 1, n_); }

  static Form form(const std::string& sid, const std::string& status) {
    return {{"AccountSid", "AC00000000000000000000000000000001"},
            {"ApiVersion", "2010-04-01"},
            {"CallSid", sid},
            {"CallStatus", status},
            {"Called", "+12025550100"},
            {"Caller", "+12025550150"},
            {"CalledCity", "WASHINGTON"},
            {"CalledCountry", "US"},
            {"CallerCountry", "US"},
            {"Direction", "inbound"},
            {"From", "+12025550150"},
            {"FromCity", "WASHINGTON"},
            {"FromCountry", "US"},
            {"FromState", "DC"},
            {"To", "+12025550100"},
            {"ToCountry", "US"}};
  }

  Event event(Kind kind, base::Instant at, Form parameters) const {
    return calls::event_from(kind, estate_.workspace, std::move(parameters), at);
  }

  void add_leg(std::vector<Event>& events, base::Instant begin, int leg,
               std::initializer_list<std::pair<int, std::string>> statuses) const {
    int sequence = 0;
    for (const auto& [seconds, status] : statuses) {
      auto parameters = form(leg_sid(leg), status);
      parameters.insert(parameters.end(),
                        {{"ParentCallSid", sid_}, {"SequenceNumber", std::to_string(++sequence)}});
      auto made = event(Kind::status, begin + std::chrono::seconds(seconds), std::move(parameters));
      made.place = calls::Place{0, 0};
      made.user = estate_.agents[static_cast<std::size_t>(n_ + leg) % estate_.agents.size()];
      made.party = "client:agent_" + made.user->text();
      events.push_back(std::move(made));
    }
  }

  const Estate& estate_;
  std::string sid_;
  int n_;
};

std::string measure(Estate& estate, int count, std::size_t piece) {
  const auto run = static_cast<std::uint64_t>(estate.clock.steady().time_since_epoch().count());
  std::vector<Event> events;
  for (int n = 0; n < count; ++n) CallMaker(estate, run, n).add_to(events);
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.received_at < b.received_at; });
  const auto begin = Steady::now();
  std::span<const Event> rest(events);
  std::int64_t closed = 0;
  while (!rest.empty()) {
    const auto part = rest.first(std::min(piece, rest.size()));
    db::in_transaction(*estate.db, db::Scope::of(estate.workspace),
                       [&] { closed += calls::apply(estate.session, part).closed; });
    rest = rest.subspan(part.size());
  }
  const double seconds = std::chrono::duration<double>(Steady::now() - begin).count();
  if (closed != count) throw std::runtime_error(fmt::format("{} of {} calls closed", closed, count));
  return fmt::format(R"({{"piece":{},"events":{},"seconds":{:.2f},"events_per_second":{:.0f}}})", piece,
                     events.size(), seconds, static_cast<double>(events.size()) / seconds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: bench_calls URL CALLS [PIECE...]\n", stderr);
    return 2;
  }
  Estate estate(argv[1]);
  std::vector<std::size_t> pieces;
  for (int i = 3; i < argc; ++i) pieces.push_back(std::strtoul(argv[i], nullptr, 10));
  if (pieces.empty()) pieces = {256};
  for (const auto piece : pieces) fmt::print("{}\n", measure(estate, std::atoi(argv[2]), piece));
  return 0;
}

#pragma once
// Everything one scenario is played with, put together: a clock, a network with its account, and either serve
// in this process over a database of its own, or a server elsewhere.

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "audit/log.hpp"
#include "sim/faults.hpp"
#include "sim/given.hpp"
#include "sim/hooks.hpp"
#include "sim/house.hpp"
#include "sim/names.hpp"
#include "sim/network.hpp"
#include "sim/rest.hpp"
#include "sim/rest_broken.hpp"
#include "sim/runner.hpp"

namespace ringctl::sim {

/// Whoever reads and changes the database for the scenario.
struct Clerk {
  Clerk(std::unique_ptr<db::Connection> opened, const base::Clock& clock)
      : connection(std::move(opened)), ids(clock), session{*connection, clock, ids, "system"} {}
  std::unique_ptr<db::Connection> connection;
  base::UuidGenerator ids;
  audit::Session session;
  base::Uuid workspace = {};
};

class Scene {
 public:
  /// With serve in this process. `database`: filled, with the workspace of that name or id.
  Scene(const Scenario&, std::uint64_t seed, const ScratchDatabase& database, const std::string& workspace,
        bool on_server, const std::function<void(const Entry&)>& listener);
  /// With a server elsewhere, in real time.
  Scene(const Scenario&, std::uint64_t seed, const Outside&,
        const std::function<void(const Entry&)>& listener);
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  Agenda& agenda() { return *agenda_; }
  Account& account() { return account_; }
  const Account& account() const { return account_; }
  Network& network() { return *network_; }
  Timeline& timeline() { return timeline_; }
  Faults& faults() { return faults_; }
  Names& names() { return names_; }
  House* house() { return house_.get(); }
  /// Null: there is no database to look into.
  Clerk* clerk() { return clerk_.get(); }
  Rest& rest_side() { return *rest_; }
  const std::string& public_url() const { return public_url_; }
  const std::string& application_sid() const { return application_sid_; }

  /// What came into the database since the last look, the account has too: numbers, and who is called by
  /// which identity. A number that was given back at the account is not brought again.
  void read_directory();
  Brought rest(const std::string& method, const std::string& path, const std::string& body);
  /// Nothing lives, and nothing is on its way.
  bool idle() const { return network_->idle() && hooks_->idle(); }

 private:
  void open_account(std::string sid, base::Secret token);
  void build(Transport&, milliseconds latency, const std::string& real_base);
  void add_number(const Directory::Line&);
  std::string path(std::string_view rest) const;

  std::string public_url_, application_sid_;
  std::unique_ptr<VirtualClock> virtual_clock_;
  base::SystemClock system_clock_;
  std::unique_ptr<Agenda> agenda_;
  Sids sids_;
  Account account_;
  Timeline timeline_;
  Names names_;
  std::unordered_set<std::string> read_numbers_;  ///< in the database at the last look
  std::unique_ptr<Clerk> clerk_;
  std::unique_ptr<House> house_;
  std::unique_ptr<Transport> transport_, to_house_;
  Faults faults_;
  std::unique_ptr<Hooks> hooks_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Rest> rest_;
};

}  // namespace ringctl::sim

#pragma once
// Plays scenarios: a network, people, and a phone system to ring them, from the beginning until nothing is
// left to happen.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/secret.hpp"
#include "db/connection.hpp"
#include "sim/played.hpp"
#include "sim/scenario.hpp"
#include "sim/scratch.hpp"
#include "sim/verdict.hpp"

namespace ringctl::sim {

/// A server that runs elsewhere, in real time.
struct Outside {
  std::string url = {};         ///< where it is reached, without a slash at the end
  std::string public_url = {};  ///< what it knows itself by, and checks signatures with
  std::string account_sid = {};
  base::Secret auth_token = {};
  /// The database it works on, if it can be looked into: who has which identity, and what is on record.
  std::function<std::unique_ptr<db::Connection>()> open = {};
  std::string workspace = {};  ///< name or id; "" = the only one
};

struct RunnerOptions {
  std::string database = {};               ///< a PostgreSQL server for the scenarios' databases; "" = SQLite
  std::filesystem::path cache = {};        ///< keeps what makes the next run quicker; "" = nothing
  std::optional<Outside> outside = {};     ///< nullopt: serve in this process, on the scenario's clock
  std::optional<std::uint64_t> seed = {};  ///< in the place of the scenarios' own
  const base::CancelToken* cancel = nullptr;        ///< outlives it
  std::function<void(const Entry&)> listener = {};  ///< told of everything as it happens, ids as they are
};

struct Result {
  Played played = {};
  std::uint64_t seed = 0;
  std::vector<Difference> differences = {};  ///< none: passed
  std::chrono::microseconds real{};          ///< what it took to play it
  bool passed() const { return differences.empty(); }
};

class Runner {
 public:
  explicit Runner(RunnerOptions = {});
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Throws Errc::invalid [scenario.bad] for an estate that is refused, what databases throw, Errc::usage
  /// [sim.needs_built_in] for what an outside server cannot be made to do, and whatever cancelled it.
  Result run(const Scenario&);
  /// The same on a copy of somebody's database, whose workspace (by name or id) is there already: the
  /// scenario's estate is not brought in. Throws what copying throws, too.
  Result run_on(const Scenario&, const std::string& workspace, db::Connection& source);

 private:
  using Began = std::chrono::steady_clock::time_point;
  Result play(const Scenario&, const ScratchDatabase&, const std::string& workspace, Began);
  Result run_outside(const Scenario&);

  const RunnerOptions options_;
  std::unique_ptr<Scratch> scratch_;
};

inline constexpr std::string_view k_public_url = "https://pbx.example.com";

}  // namespace ringctl::sim

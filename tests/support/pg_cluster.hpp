#pragma once
// A PostgreSQL of one test's own, to be stopped, started again and held still under what uses it.

#include <string>
#include <vector>

#include "support/process.hpp"

namespace ringctl::test {

/// What it says is committed survives halt(). Gone with the fixture.
class PostgresCluster {
 public:
  PostgresCluster();
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  /// Of a role that may create databases.
  const std::string& url() const { return url_; }

  /// As a crash of the server: who is connected finds it gone, who connects is refused. Returns when it is.
  void halt();
  /// Returns when it takes connections again.
  void resume();
  /// As a server that hangs: who is connected gets no answer, who connects is never let in. All its processes
  /// stand still until thaw().
  void freeze();
  void thaw();

 private:
  std::string run(const char* verb, const std::vector<std::string>& settings = {}) const;
  void signal_all(int signal) const;
  Machine machine_;  ///< its home is the cluster's folder
  std::string url_;
  bool frozen_ = false;
};

}  // namespace ringctl::test

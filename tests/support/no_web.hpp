#pragma once
// A network whose webhooks nobody answers.

#include <string>
#include <vector>

#include "sim/agenda.hpp"
#include "sim/web.hpp"

namespace ringctl::test {

/// Asks nobody: every URL is unreachable.
class NoWeb final : public sim::Web {
 public:
  explicit NoWeb(sim::Agenda& agenda) : agenda_(agenda) {}
  void ask(sim::WebRequest request, std::function<void(sim::WebAnswer)> done) override {
    kinds.push_back(request.kind);
    sim::WebAnswer answer;
    answer.url = request.url;
    answer.error = 11205;
    answer.problem = "nobody is there";
    agenda_.in(sim::milliseconds(0), [done = std::move(done), answer] { done(answer); });
  }
  std::vector<std::string> kinds = {};  ///< of what was asked, "stream" and its like

 private:
  sim::Agenda& agenda_;
};

}  // namespace ringctl::test

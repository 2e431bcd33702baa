#pragma once
// The steps of a scenario on a scene. Private to this room.

#include "base/cancel.hpp"
#include "sim/scene.hpp"

namespace ringctl::sim {

class Play {
 public:
  /// All outlive it.
  Play(const Scenario&, Scene&, const base::CancelToken*);

  /// Until nothing is left to happen. Throws what cancelled it, and what steps throw.
  void run();
  /// What came of it, by the names of what is named.
  Played take();

 private:
  void put_on_agenda();
  void take_step(const Step&);
  void act(const Step&, const CallStep&);
  void act(const Step&, const ClientCallStep&);
  void act(const Step&, const TextStep&);
  void act(const Step&, const SendStep&);
  void act(const Step&, const ThreadStep&);
  void act(const Step&, const RestStep&);
  void act(const Step&, const DoStep&);
  void act(const Step&, const PersonStep&);
  void act(const Step&, const EstateStep&);
  void act(const Step&, ServeStep);
  /// What a user has done with texts; a refusal is kept for the verdict.
  template <class What>
  void let_user(const Step&, const What&);
  void set_people();
  /// Throws Errc::invalid [scenario.bad] for client:EMAIL of nobody, once no step brings users any more.
  void require_people() const;
  void require_user(const std::string& address, const std::string& where) const;
  void run_virtual();
  void run_real();
  bool is_over() const { return steps_left_ == 0 && scene_.idle(); }
  std::string filled(std::string text) const;
  std::string encoded(const Parameters&) const;
  void check_cancelled() const {
    if (cancel_ != nullptr && cancel_->cancelled()) cancel_->check();
  }

  const Scenario& scenario_;
  Scene& scene_;
  const base::CancelToken* cancel_;
  std::size_t steps_left_ = 0;
  std::ptrdiff_t users_to_come_ = 0;  ///< steps that bring some
  Played played_ = {};
  std::map<std::string, std::string> answered_;  ///< SIDs that REST answered with, by the names of steps
  std::map<std::string, Behaviour> people_;
  ScratchFolder folder_;
};

}  // namespace ringctl::sim

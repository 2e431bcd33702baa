#pragma once
// One connection: bytes in, one request at a time to the handler, its answer out, in order. A state machine
// over a Transport; ConnectionTable calls it, always on one thread.
//
//   handshake -> idle -> head -> body -> handling -> writing -> idle ...
//                                                            -> shutting -> lingering -> closed

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "net/chunks.hpp"
#include "net/connection_table.hpp"
#include "net/gate.hpp"
#include "net/input_buffer.hpp"
#include "net/transport.hpp"

namespace ringctl::net {

class Connection final : public TransportUser, public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionTable&, std::unique_ptr<Transport>, Origin, std::size_t slot);

  void start();
  /// Too many are there already: says so and goes.
  void turn_away();
  void answer(std::uint64_t serial, std::optional<Response>&&);
  /// When what is under way must be over; then check() ends it.
  Steady deadline() const { return deadline_; }
  void check();
  void drain();
  void close();

  void on_handshake(bool ok) override;
  void on_read(std::size_t n) override;
  void on_written(std::size_t n) override;
  void on_shut_down() override;

 private:
  enum class Phase { handshake, idle, head, body, handling, writing, shutting, lingering, closed };
  using milliseconds = std::chrono::milliseconds;

  void pump();
  bool step();
  bool read_head();
  bool head_done();
  bool read_body();
  bool body_done(std::size_t body_size);
  void call_handler(const Request&);
  bool send();
  bool sent_all();
  bool start_read(std::size_t wanted);
  void discard();

  void enter(Phase, milliseconds allowed);
  void enter_idle();
  void leave_handling();
  void release(milliseconds drip);
  void refuse(Refusal);
  void time_out(Counter, int status);
  void answer_plainly(int status);
  void respond(const Response&);
  void last_words(const Response&);
  bool finish();
  Request request(std::size_t body_size);

  ConnectionTable& table_;
  std::unique_ptr<Transport> transport_;
  Origin origin_;
  std::size_t slot_;
  Phase phase_ = Phase::handshake;
  Steady deadline_;

  InputBuffer input_;
  HeadReader head_;
  ChunkReader chunks_;
  std::size_t consumed_ = 0;  // of input_, by the request at hand
  std::size_t chunk_body_ = 0;
  Steady body_since_;
  std::string output_;
  std::size_t sent_ = 0;
  std::size_t released_ = 0;  // of output_: all of it, unless it drips
  milliseconds drip_{0};
  std::uint64_t serial_ = 0;  // of the request at the handler, told by the table
  std::size_t requests_ = 0;
  std::size_t discarded_ = 0;

  std::list<Connection*> place_;  // this one's node, here or among the table's idle ones
  std::list<Connection*>::iterator node_;
  bool reading_ = false, pumping_ = false;
  bool let_go_ = false;   // by the handler, while it is being called
  bool interim_ = false;  // what is being written is "100 Continue"
  bool keep_ = true;      // another request may come after this response
  bool linger_ = false;   // input may be on its way that nobody will read
  bool turned_away_ = false;
};

}  // namespace ringctl::net

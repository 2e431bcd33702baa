#pragma once
// One HTTP reply as it arrives.

#include <cstddef>
#include <string>
#include <string_view>

namespace ringctl::bench {

class Reply {
 public:
  enum class State { partial, complete, bad };

  void clear();
  /// Takes what arrived. A reply that ends with its connection stays partial until end().
  State take(std::string_view bytes);
  /// The connection ended.
  State end();

  bool empty() const { return bytes_.empty(); }
  int status() const { return status_; }
  bool closes() const { return closes_; }  ///< the connection is not to be used again
  /// TwiML by its looks: a whole <Response> and nothing after it.
  bool is_twiml() const;
  /// TwiML that connects the caller to somebody.
  bool connects() const;

 private:
  State read_head();
  State read_chunks();

  std::string bytes_, body_;
  std::size_t head_ = 0;   ///< where the body begins; 0: not there yet
  std::size_t chunk_ = 0;  ///< where the next chunk begins
  std::size_t length_ = 0;
  enum class Body { counted, chunked, until_end } kind_ = Body::counted;
  int status_ = 0;
  bool closes_ = false;
};

}  // namespace ringctl::bench

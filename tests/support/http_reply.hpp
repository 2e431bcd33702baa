#pragma once
// One HTTP reply, put together as it arrives.

#include <cstddef>
#include <string>
#include <string_view>

namespace ringctl::test {

class HttpReply {
 public:
  enum class State { partial, complete, bad };

  void clear();
  /// Takes what arrived. A reply that ends with its connection stays partial until end().
  State take(std::string_view bytes);
  /// The connection ended.
  State end();

  int status() const { return status_; }
  const std::string& body() const { return body_; }
  /// The value of the first header of that name, whatever its case; "" if there is none.
  std::string header(std::string_view name) const;
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

}  // namespace ringctl::test

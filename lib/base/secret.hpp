#pragma once
#include <string>
#include <string_view>

namespace ringctl::base {

/// A credential. Prints as ***; its memory is wiped when it goes. reveal() is the only way to the value.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(Secret&&) noexcept;
  Secret& operator=(Secret&&) noexcept;
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret();

  bool empty() const { return value_.empty(); }
  const std::string& reveal() const { return value_; }
  /// "****" and the last four characters, or only "****" for short values.
  std::string masked() const;

 private:
  std::string value_;
};

inline std::string_view format_as(const Secret&) { return "***"; }

/// A database or http URL with user info's password replaced by ***.
std::string redact_url(std::string_view url);

}  // namespace ringctl::base

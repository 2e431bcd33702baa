#pragma once
#include <string>
#include <string_view>

namespace ringctl::base {

/// A credential. Prints as ***; its memory is wiped when it goes. reveal() is the only way to the value.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value);
  Secret(Secret&&) noexcept;
  Secret& operator=(Secret&&) noexcept;
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&);
  ~Secret();

  bool empty() const { return value_.empty(); }
  const std::string& reveal() const { return value_; }
  /// "****" and the last four characters, or only "****" for short values.
  std::string masked() const;

 private:
  std::string value_;
};

inline std::string_view format_as(const Secret&) { return "***"; }

/// A database or http URL with the password of its user info, and password=... parameters, replaced by ***.
std::string redact_url(std::string_view url);

}  // namespace ringctl::base

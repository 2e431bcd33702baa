#pragma once
// Which database a URL is of, whatever else it says of the way there.

#include <string>

namespace ringctl::db {

/// "sqlite:/absolute/path", or "postgresql://HOST:PORT,HOST:PORT/NAME" with what libpq takes for what the URL
/// leaves open. Without user, password and options: they may change, and the database stays the same. A URL
/// that is none is returned as it is, without its password.
std::string identity_of(const std::string& url);

}  // namespace ringctl::db

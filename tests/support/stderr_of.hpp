#pragma once
#include <unistd.h>

#include <functional>
#include <string>

#include "base/file.hpp"

namespace ringctl::test {

/// What `work` writes to the standard error descriptor.
inline std::string stderr_of(const std::function<void()>& work) {
  const base::Fd file = base::temporary_file();
  const base::Fd saved(::dup(STDERR_FILENO));
  ::dup2(file.get(), STDERR_FILENO);
  work();
  ::dup2(saved.get(), STDERR_FILENO);
  std::string text(64 * 1024, '\0');
  const auto size = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace ringctl::test

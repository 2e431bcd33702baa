#pragma once
// Data that nobody may see before all of it is there.

#include <string>
#include <string_view>

#include "base/file.hpp"
#include "cmd/output.hpp"

namespace ringctl::cmd {

/// In an unnamed file under TMPDIR that others cannot read; gone with the process. Throws Errc::output.
class Spool {
 public:
  void write(std::string_view);
  /// All of it. Once.
  void hand_out(Output&);

 private:
  void flush();
  base::Fd file_ = base::temporary_file();
  std::string buffer_ = {};
};

}  // namespace ringctl::cmd

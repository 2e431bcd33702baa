#pragma once
// The file that says where an export stopped. Held from reading it to moving it on, so that of two runs that
// overlap one is refused; moved on when everything is out: killed in between, rows come once more rather than
// never.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "cmd/context.hpp"

namespace ringctl::cmd {

class CursorFile {
 public:
  /// `flag` is what it was given with, for messages. A dry run makes nothing and moves nothing on. Throws
  /// Errc::locked [lock.held], Errc::output, Errc::usage for a file of ringctl's own, and for the one that
  /// the data goes to.
  CursorFile(Context&, std::string_view flag, std::filesystem::path);

  /// What the last run left; "" where there was none.
  const std::string& text() const { return text_; }
  /// Errors of what reads the text name the file.
  template <class Parse>
  auto read(Parse&& parse) const {
    try {
      return parse();
    } catch (const Error& error) {
      if (error.errc() != Errc::invalid && error.errc() != Errc::conflict) throw;
      throw Error(error.errc(), error.slug(), file_.string() + ": " + error.message(), error.hint());
    }
  }
  /// Writes out what is left of the data, checks it, and moves the file on. Nothing to write where `text` is
  /// what it holds.
  void move_on(const std::string& text);
  /// The same in the middle of a run that goes on: what was printed is out, and the file is still held. Not
  /// for data that goes to --out, which appears at the end. Throws Errc::locked if another run was quicker to
  /// take the file that moved on.
  void step_on(const std::string& text);

 private:
  void write(const std::string& text);
  Context& ctx_;
  std::filesystem::path file_;
  base::Fd lock_;
  std::string text_;
};

}  // namespace ringctl::cmd

#pragma once
// Where data goes: standard output, a pager, or a file that appears whole or not at all. Every byte is
// accounted for: a failed write is Errc::output (40), a reader that went away Errc::broken_pipe (141).

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "cmd/terminal.hpp"
#include "csv/deflate.hpp"

namespace ringctl::cmd {

struct OutputOptions {
  int fd = 1;
  std::string path = "-";            ///< "-": fd; else a file, packed where its name says so
  std::optional<std::string> pager;  ///< command to start when the text is longer than the screen
  int screen_lines = 24;
  Environment environment;  ///< what the pager is told about the terminal; never secrets
};

class Output {
 public:
  explicit Output(OutputOptions);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Append here, then call settle().
  std::string& buffer() { return buffer_; }
  /// Writes the buffer when it is large enough; true if it did.
  bool settle() { return buffer_.size() >= k_chunk || paging_ == Paging::undecided ? drain() : false; }
  void write(std::string_view text) {
    buffer_.append(text);
    settle();
  }
  /// Writes what is left and waits for the pager. For data that must be seen now.
  void flush();
  /// Throws Errc::broken_pipe if nobody reads any more: for what may have nothing to write for long.
  void require_reader() const;
  /// The last call: flush, check, and the file gets its name. Again, with nothing written since: nothing.
  void close();

 private:
  enum class Paging { off, undecided, on };
  static constexpr std::size_t k_chunk = 64 * 1024;
  bool drain();
  void send();
  void write_file(const std::string&);
  void start_pager();
  void page(const std::string&);
  bool end_pager();
  void write_unread();
  bool longer_than_screen();

  OutputOptions options_;
  std::string buffer_;
  std::unique_ptr<base::AtomicFile> file_;
  std::unique_ptr<csv::Deflater> deflater_;  ///< of the file
  bool committed_ = false;                   ///< the file
  Paging paging_ = Paging::off;
  std::size_t lines_ = 0, counted_ = 0;
  base::Fd pipe_;
  pid_t pager_ = -1;
  std::string unread_;     ///< what the pager was given, as long as it may have read nothing
  std::size_t holds_ = 0;  ///< bytes that its pipe takes unread; 0 once more went through
};

}  // namespace ringctl::cmd

#pragma once
// An Io that writes into memory files.

#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <string>

#include "base/file.hpp"
#include "cmd/io.hpp"
#include "support/fake_clock.hpp"

namespace ringctl::cmd::test {

class IoFixture {
 public:
  IoFixture() {
    options.environment = [this](const std::string& name) { return variable(name); };
  }

  Io& io() {
    if (!io_) {
      options.streams = {-1, out_.get(), err_.get()};
      io_ = std::make_unique<Io>(options, clock, cancel);
    }
    return *io_;
  }
  std::string out() {
    io().close();
    return content(out_);
  }
  std::string err() const { return content(err_); }

  IoOptions options;
  std::map<std::string, std::string> environment;
  ringctl::test::FakeClock clock;
  base::CancelToken cancel;

 private:
  std::optional<std::string> variable(const std::string& name) const {
    const auto it = environment.find(name);
    return it == environment.end() ? std::nullopt : std::optional(it->second);
  }
  static std::string content(const base::Fd& fd) {
    std::string text(static_cast<std::size_t>(::lseek(fd.get(), 0, SEEK_END)), '\0');
    const auto got = ::pread(fd.get(), text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(got));
    return text;
  }
  base::Fd out_{::memfd_create("out", MFD_CLOEXEC)}, err_{::memfd_create("err", MFD_CLOEXEC)};
  std::unique_ptr<Io> io_;
};

}  // namespace ringctl::cmd::test

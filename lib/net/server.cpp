#include "net/server.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/listening_socket.hpp"
#include "net/worker.hpp"

namespace ringctl::net {

struct Server::Impl {
  Impl(Handler handler, const Options& options, const base::Clock& clock)
      : shared{.limits = options.limits,
               .handler = std::move(handler),
               .clock = clock,
               .mutex = {},
               .changed = {}},
        tls_files(options.tls) {}

  Shared shared;
  std::optional<TlsFiles> tls_files;
  TlsSlot tls;
  std::vector<ListeningSocket> sockets;
  std::vector<std::unique_ptr<Worker>> workers;
};

Server::Server(Handler handler, Options options, const base::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(handler), options, clock)) {
  if (impl_->tls_files) impl_->tls.set(load_tls(*impl_->tls_files));
}

Server::~Server() { drain(std::chrono::milliseconds(0)); }

void Server::listen(const std::vector<Endpoint>& endpoints) {
  std::vector<ListeningSocket> sockets;
  for (const auto& endpoint : endpoints) {
    if (endpoint.tls && !impl_->tls_files)
      throw Error(Errc::config, "tls.missing", "no TLS certificate and key for " + endpoint.text());
    sockets.push_back(ListeningSocket::open(endpoint, impl_->shared.limits.backlog));
  }
  impl_->sockets = std::move(sockets);
}

const Endpoint& Server::endpoint(std::size_t index) const { return impl_->sockets.at(index).endpoint(); }

void Server::run(unsigned threads) {
  auto& workers = impl_->workers;
  for (unsigned i = 0; i < std::max(threads, 1U); ++i)
    workers.push_back(std::make_unique<Worker>(impl_->shared, impl_->tls));
  for (std::size_t at = 0; at < impl_->sockets.size(); ++at) {
    auto& socket = impl_->sockets[at];
    const auto& endpoint = socket.endpoint();
    const bool inherited = endpoint.kind == Endpoint::Kind::inherited;
    for (std::size_t i = workers.size(); i-- > 0;)
      workers[i]->listen(i > 0 ? socket.for_another_thread(impl_->shared.limits.backlog) : socket.take(), at,
                         endpoint.tls, inherited);
  }
  for (const auto& worker : workers) worker->start();
}

base::Finding Server::reload() {
  if (!impl_->tls_files) return {};
  try {
    impl_->tls.set(load_tls(*impl_->tls_files));
    return {};
  } catch (const Error& error) {
    return {error.slug(), error.message()};
  } catch (const std::exception& error) {
    return {"tls.unusable", error.what()};
  }
}

std::optional<base::Instant> Server::certificate_expires_at() const {
  const auto context = impl_->tls.get();
  return context ? expires_at(*context) : std::nullopt;
}

std::size_t Server::drain(std::chrono::milliseconds timeout) {
  auto& shared = impl_->shared;
  const auto until = std::chrono::steady_clock::now() + timeout;
  shared.accepting = static_cast<std::size_t>(std::count_if(
      impl_->workers.begin(), impl_->workers.end(), [](const auto& worker) { return worker->running(); }));
  shared.draining = true;
  for (auto& socket : impl_->sockets) socket.remove_file();
  for (const auto& worker : impl_->workers)
    if (worker->running()) worker->drain();
  {
    std::unique_lock lock(shared.mutex);
    shared.changed.wait_until(lock, until, [&] { return shared.accepting == 0 && shared.open == 0; });
  }
  const auto before = stats().of(Counter::cut);
  for (const auto& worker : impl_->workers) worker->stop();
  impl_->sockets.clear();
  return static_cast<std::size_t>(stats().of(Counter::cut) - before);
}

Stats Server::stats() const {
  Stats stats;
  for (const auto& worker : impl_->workers) worker->tally().add_to(stats);
  stats.open = impl_->shared.open;
  stats.in_flight = impl_->shared.in_flight;
  return stats;
}

}  // namespace ringctl::net

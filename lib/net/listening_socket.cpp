#include "net/listening_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/error.hpp"

namespace ringctl::net {
namespace {

/// Any address the system knows, and its size.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

Error failed(const Endpoint& endpoint, int error) {
  const bool in_use = error == EADDRINUSE;
  return {Errc::config, in_use ? "net.in_use" : "net.listen_failed",
          fmt::format("could not listen on {}: {}", endpoint.text(), std::generic_category().message(error))};
}

Address tcp_address(const Endpoint& endpoint) {
  Address address;
  in_addr four{};
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &four) == 1) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    in.sin_addr = four;
    std::memcpy(&address.storage, &in, sizeof in);
    address.size = sizeof in;
    return address;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(endpoint.port);
  ::inet_pton(AF_INET6, endpoint.host.c_str(), &in.sin6_addr);
  std::memcpy(&address.storage, &in, sizeof in);
  address.size = sizeof in;
  return address;
}

Address local_address(const std::filesystem::path& path) {
  Address address;
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  path.native().copy(un.sun_path, sizeof un.sun_path - 1);
  std::memcpy(&address.storage, &un, sizeof un);
  address.size = sizeof un;
  return address;
}

base::Fd make_socket(const Endpoint& endpoint, int family) {
  base::Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw failed(endpoint, errno);
  return fd;
}

void set(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

base::Fd bound_tcp(const Endpoint& endpoint) {
  const auto address = tcp_address(endpoint);
  auto fd = make_socket(endpoint, address.family());
  set(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (!endpoint.alone) set(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  set(fd.get(), IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
  // [::] means IPv6 alone, so that 0.0.0.0 can be listened on beside it.
  if (address.family() == AF_INET6) set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(fd.get(), address.get(), address.size) != 0) throw failed(endpoint, errno);
  return fd;
}

base::Fd open_tcp(const Endpoint& endpoint, int backlog) {
  auto fd = bound_tcp(endpoint);
  if (::listen(fd.get(), backlog) != 0) throw failed(endpoint, errno);
  return fd;
}

/// True if a process accepts connections there.
bool alive(const Endpoint& endpoint, const Address& address) {
  const auto fd = make_socket(endpoint, AF_UNIX);
  // EAGAIN: somebody listens, and is so busy that the queue is full.
  return ::connect(fd.get(), address.get(), address.size) == 0 || errno == EAGAIN;
}

/// True if a stale socket is there, to be replaced. Throws where something else is.
bool require_free_file(const Endpoint& endpoint) {
  struct stat info {};
  if (::lstat(endpoint.path.c_str(), &info) != 0) return false;
  if (!S_ISSOCK(info.st_mode)) throw failed(endpoint, EEXIST);
  if (alive(endpoint, local_address(endpoint.path))) throw failed(endpoint, EADDRINUSE);
  return true;
}

/// A socket's file can be made in the folder.
void require_writable_folder(const Endpoint& endpoint) {
  const auto folder = endpoint.path.has_parent_path() ? endpoint.path.parent_path() : ".";
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) throw failed(endpoint, errno);
  if (!std::filesystem::is_directory(folder)) throw failed(endpoint, ENOTDIR);
}

base::Fd open_local(const Endpoint& endpoint, int backlog) {
  const auto address = local_address(endpoint.path);
  if (require_free_file(endpoint)) ::unlink(endpoint.path.c_str());
  auto fd = make_socket(endpoint, AF_UNIX);
  // Before bind, so that the file never has a wider mode; after it once more, because bind applies the umask.
  ::fchmod(fd.get(), endpoint.mode);
  if (::bind(fd.get(), address.get(), address.size) != 0 ||
      ::chmod(endpoint.path.c_str(), endpoint.mode) != 0 || ::listen(fd.get(), backlog) != 0)
    throw failed(endpoint, errno);
  return fd;
}

void require_listening(const Endpoint& endpoint) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(endpoint.fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0)
    throw failed(endpoint, errno);
  if (listens == 0) throw failed(endpoint, EINVAL);
}

base::Fd open_inherited(const Endpoint& endpoint) {
  require_listening(endpoint);
  base::Fd fd(::fcntl(endpoint.fd, F_DUPFD_CLOEXEC, 0));
  if (!fd) throw failed(endpoint, errno);
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  set(fd.get(), IPPROTO_TCP, TCP_NODELAY);  // refused by a Unix socket, which needs none
  return fd;
}

std::uint16_t port_of(const Address& address) {
  if (address.family() == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
  if (address.family() == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port);
  return 0;
}

void write_remote(const Address& address, std::string& remote) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.family() == AF_INET) {
    const auto* const in = reinterpret_cast<const sockaddr_in*>(&address.storage);
    ::inet_ntop(AF_INET, &in->sin_addr, text.data(), text.size());
  } else if (address.family() == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
    // An inherited socket may serve both families; IPv4 looks the same there as elsewhere.
    if (IN6_IS_ADDR_V4MAPPED(&in))
      ::inet_ntop(AF_INET, &in.s6_addr[12], text.data(), text.size());
    else
      ::inet_ntop(AF_INET6, &in, text.data(), text.size());
  }
  remote = text[0] != '\0' ? text.data() : "unix";
}

}  // namespace

ListeningSocket ListeningSocket::open(const Endpoint& endpoint, int backlog) {
  if (endpoint.kind == Endpoint::Kind::local) {
    ListeningSocket socket(endpoint, open_local(endpoint, backlog));
    struct stat info {};
    if (::lstat(endpoint.path.c_str(), &info) == 0)
      socket.file_ = std::make_unique<Identity>(Identity{info.st_dev, info.st_ino});
    return socket;
  }
  const bool inherited = endpoint.kind == Endpoint::Kind::inherited;
  ListeningSocket socket(endpoint, inherited ? open_inherited(endpoint) : open_tcp(endpoint, backlog));
  Address address;
  if (::getsockname(socket.fd_.get(), address.get(), &address.size) == 0)
    socket.endpoint_.port = port_of(address);
  return socket;
}

ListeningSocket::~ListeningSocket() { remove_file(); }

void ListeningSocket::require_free(const Endpoint& endpoint) {
  switch (endpoint.kind) {
    case Endpoint::Kind::tcp:
      bound_tcp(endpoint);
      return;
    case Endpoint::Kind::local:
      require_writable_folder(endpoint);
      require_free_file(endpoint);
      return;
    case Endpoint::Kind::inherited:
      require_listening(endpoint);
      return;
  }
}

base::Fd ListeningSocket::for_another_thread(int backlog) const {
  if (endpoint_.kind == Endpoint::Kind::tcp && !endpoint_.alone) return open_tcp(endpoint_, backlog);
  base::Fd fd(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) throw failed(endpoint_, errno);
  return fd;
}

void ListeningSocket::remove_file() noexcept {
  const auto file = std::exchange(file_, nullptr);
  struct stat info {};
  if (file && ::lstat(endpoint_.path.c_str(), &info) == 0 && info.st_dev == file->device &&
      info.st_ino == file->inode)
    ::unlink(endpoint_.path.c_str());
}

int accept_connection(int listening, std::string& remote) noexcept {
  Address address;
  const int fd = ::accept4(listening, address.get(), &address.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) write_remote(address, remote);
  return fd;
}

}  // namespace ringctl::net

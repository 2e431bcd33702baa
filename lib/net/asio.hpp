#pragma once
// Boost.Asio, for the few .cpp files that need it: it costs seconds to compile.
// IWYU pragma: begin_exports
#include <utility>  // Asio 1.74 uses std::exchange without it
// ---
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
// IWYU pragma: end_exports

namespace ringctl::net {
namespace asio = boost::asio;
using Socket = asio::generic::stream_protocol::socket;
}  // namespace ringctl::net

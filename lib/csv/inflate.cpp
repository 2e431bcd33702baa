#include "csv/inflate.hpp"

#define ZLIB_CONST  // or zlib would take its input as writable
#include <zlib.h>
#include <zstd.h>

#include <new>

namespace ringctl::csv {
namespace {

using namespace std::string_view_literals;

constexpr auto k_gzip_magic = "\x1f\x8b"sv;
constexpr auto k_zstd_magic = "\x28\xb5\x2f\xfd"sv;

class Gzip final : public Inflater {
 public:
  Gzip() {
    constexpr int k_gzip_only = 15 + 16;
    if (inflateInit2(&stream_, k_gzip_only) != Z_OK) throw std::bad_alloc();
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() override { inflateEnd(&stream_); }

  bool step(std::string_view& input, std::string& out) override {
    if (at_end_) {
      if (inflateReset(&stream_) != Z_OK) return false;
      at_end_ = false;
    }
    out.resize(k_piece);
    stream_.next_in = reinterpret_cast<const Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    input.remove_prefix(input.size() - stream_.avail_in);
    out.resize(out.size() - stream_.avail_out);
    at_end_ = status == Z_STREAM_END;
    return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR;
  }
  bool at_end() const override { return at_end_; }

 private:
  z_stream stream_{};
  bool at_end_ = false;
};

class Zstd final : public Inflater {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
    // 64 MiB of window: all that the tool's levels up to 21 make, and a bound on what a hostile file can
    // claim.
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, 26);
  }

  bool step(std::string_view& input, std::string& out) override {
    out.resize(k_piece);
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t status = ZSTD_decompressStream(stream_.get(), &to, &in);
    if (ZSTD_isError(status) != 0) return false;
    input.remove_prefix(in.pos);
    out.resize(to.pos);
    at_end_ = status == 0;
    return true;
  }
  bool at_end() const override { return at_end_; }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  bool at_end_ = false;
};

}  // namespace

std::unique_ptr<Inflater> inflater_for(std::string_view head) {
  if (head.starts_with(k_gzip_magic)) return std::make_unique<Gzip>();
  if (head.starts_with(k_zstd_magic)) return std::make_unique<Zstd>();
  return nullptr;
}

}  // namespace ringctl::csv

#include "csv/deflate.hpp"

#define ZLIB_CONST  // or zlib would take its input as writable
#include <zlib.h>
#include <zstd.h>

#include <new>
#include <stdexcept>

#include "base/text.hpp"

namespace ringctl::csv {
namespace {

constexpr std::size_t k_room = 64 * 1024;

class Gzip final : public Deflater {
 public:
  Gzip() {
    constexpr int k_gzip = 15 + 16, k_memory = 8;
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, k_gzip, k_memory, Z_DEFAULT_STRATEGY) !=
        Z_OK)
      throw std::bad_alloc();
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() override { deflateEnd(&stream_); }

  void add(std::string_view text, std::string& out) override { run(text, Z_NO_FLUSH, out); }
  void finish(std::string& out) override { run({}, Z_FINISH, out); }

 private:
  void run(std::string_view text, int flush, std::string& out) {
    stream_.next_in = reinterpret_cast<const Bytef*>(text.data());
    stream_.avail_in = static_cast<uInt>(text.size());
    int result = Z_OK;
    do {
      const auto had = out.size();
      out.resize(had + k_room);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + had);
      stream_.avail_out = static_cast<uInt>(k_room);
      result = deflate(&stream_, flush);
      out.resize(out.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
    if (result == Z_STREAM_ERROR || (flush == Z_FINISH && result != Z_STREAM_END))
      throw std::logic_error("zlib cannot go on");  // it has room, and nothing else can go wrong
  }

  z_stream stream_{};
};

class Zstd final : public Deflater {
 public:
  Zstd() : stream_(ZSTD_createCCtx()) {
    if (stream_ == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_checksumFlag, 1);  // gzip has one of its own
  }

  void add(std::string_view text, std::string& out) override { run(text, ZSTD_e_continue, out); }
  void finish(std::string& out) override { run({}, ZSTD_e_end, out); }

 private:
  void run(std::string_view text, ZSTD_EndDirective mode, std::string& out) {
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    for (;;) {
      const auto had = out.size();
      out.resize(had + k_room);
      ZSTD_outBuffer to{out.data() + had, k_room, 0};
      const auto left = ZSTD_compressStream2(stream_.get(), &to, &in, mode);
      out.resize(had + to.pos);
      if (ZSTD_isError(left) != 0) throw std::bad_alloc();  // all that can go wrong here
      if (mode == ZSTD_e_end ? left == 0 : in.pos == in.size) return;
    }
  }

  struct Free {
    void operator()(ZSTD_CCtx* stream) const { ZSTD_freeCCtx(stream); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> stream_;
};

std::string ending_of(const std::filesystem::path& file) {
  return base::ascii_lower(file.extension().string());
}

}  // namespace

bool names_archive(const std::filesystem::path& file) {
  const auto ending = ending_of(file);
  return ending == ".gz" || ending == ".zst";
}

std::unique_ptr<Deflater> deflater_for(const std::filesystem::path& file) {
  const auto ending = ending_of(file);
  if (ending == ".gz") return std::make_unique<Gzip>();
  if (ending == ".zst") return std::make_unique<Zstd>();
  return nullptr;
}

}  // namespace ringctl::csv

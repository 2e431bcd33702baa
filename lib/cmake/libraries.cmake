# Third-party libraries, all from the distribution. Each one belongs to the room named beside it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(CLI11 REQUIRED)                                          # cmd
find_package(nlohmann_json 3.11 REQUIRED)                             # .cpp files at a wire boundary
find_package(SQLite3 3.40 REQUIRED)                                   # db
find_package(ZLIB REQUIRED)                                           # csv, serve (checksums)
find_package(fmt REQUIRED)                                            # every room
find_package(spdlog REQUIRED)                                         # base
find_package(absl REQUIRED)                                           # base (time zones)
find_package(pugixml REQUIRED)                                        # twiml (reading)
find_package(OpenSSL 3.0 REQUIRED)                                    # net (TLS), twilio (signatures)
find_package(Boost 1.74 REQUIRED CONFIG)                              # net (Asio, headers only)
find_package(Catch2 REQUIRED)                                         # tests
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)                  # db
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.87)         # http
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)          # base
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)              # csv
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)       # config
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)      # base (folding), cmd (widths)
find_library(RINGCTL_LIBCSV csv REQUIRED)                             # csv
find_library(RINGCTL_LIBPHONENUMBER phonenumber REQUIRED)             # phone
pkg_check_modules(PROTOBUF REQUIRED IMPORTED_TARGET protobuf)         # phone (libphonenumber's own values)
find_library(RINGCTL_PROMETHEUS prometheus-cpp-core REQUIRED)            # serve (metrics; its package wants more than this)
pkg_check_modules(XLSXWRITER REQUIRED IMPORTED_TARGET xlsxwriter)     # report (workbooks)
pkg_check_modules(LIBXML2 IMPORTED_TARGET libxml-2.0)                 # tests (reads what twiml wrote)

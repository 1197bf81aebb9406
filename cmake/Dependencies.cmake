# Everything comes from the distribution's packages; `./dev deps` installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl>=7.88)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(opusenc REQUIRED IMPORTED_TARGET libopusenc)
pkg_check_modules(flac REQUIRED IMPORTED_TARGET flac)
pkg_check_modules(md4c REQUIRED IMPORTED_TARGET md4c)
pkg_check_modules(edit REQUIRED IMPORTED_TARGET libedit)
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)

find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
add_library(asio INTERFACE)
target_include_directories(asio SYSTEM INTERFACE ${ASIO_INCLUDE_DIR})
# Asio 1.22 looks for aligned_alloc before the header that announces it: whether it finds it depends on the order of includes.
target_compile_definitions(asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_DISABLE_STD_ALIGNED_ALLOC
                           $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE>)  # nor does it know that clang has coroutines
if(GEMBAL_SANITIZER)  # frames that Asio keeps for reuse would hide a use after free
  target_compile_definitions(asio INTERFACE ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
endif()
target_link_libraries(asio INTERFACE Threads::Threads)

# Debian's SOCI package has no CMake configuration of its own.
find_path(SOCI_INCLUDE_DIR soci/soci.h REQUIRED)
find_library(SOCI_CORE soci_core REQUIRED)
find_library(SOCI_SQLITE soci_sqlite3 REQUIRED)
# SOCI loads its libraries for the servers when they are used; of MySQL's headers only numbers are needed.
pkg_check_modules(mysql_headers REQUIRED libmariadb)
file(STRINGS ${SOCI_INCLUDE_DIR}/soci/version.h soci_version REGEX "define SOCI_VERSION [0-9]+")
string(REGEX REPLACE ".* ([0-9])00([0-9]).*" "\\1.\\2" SOCI_ABI "${soci_version}")  # 400003: "4.0", as its packages are called
add_library(soci INTERFACE)
target_include_directories(soci SYSTEM INTERFACE ${SOCI_INCLUDE_DIR} ${mysql_headers_INCLUDE_DIRS})
target_link_libraries(soci INTERFACE ${SOCI_SQLITE} ${SOCI_CORE} PkgConfig::sqlite)

find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
add_library(cli11 INTERFACE)
target_include_directories(cli11 SYSTEM INTERFACE ${CLI11_INCLUDE_DIR})

find_path(LAME_INCLUDE_DIR lame/lame.h REQUIRED)
find_library(LAME mp3lame REQUIRED)
add_library(lame INTERFACE)
target_include_directories(lame SYSTEM INTERFACE ${LAME_INCLUDE_DIR})
target_link_libraries(lame INTERFACE ${LAME})

# In place of libc's allocator; the sanitizers have their own. Linked by the programs, and before everything else.
if(NOT GEMBAL_SANITIZER)
  find_library(MIMALLOC mimalloc REQUIRED)
endif()
add_library(allocator INTERFACE)
target_link_libraries(allocator INTERFACE ${MIMALLOC})

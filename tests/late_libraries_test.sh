#!/bin/sh
# late_libraries_test.sh GEMBAL: the program starts without the libraries that are to be loaded when they are first used. One stray
# use of a library's data (deriving from one of its classes is enough) has the linker load it at the start again.
set -u
loaded=$(LD_TRACE_LOADED_OBJECTS=1 "$1" | grep -E '/lib(curl|cpp-httplib|ssl|crypto|sqlite3|soci_sqlite3|FLAC|mp3lame|opusenc|edit|md4c|utf8proc|tomlplusplus|spdlog|fmt)\.so')
[ -z "$loaded" ] && exit 0
printf 'gembal loads at its start:\n%s\n' "$loaded"
exit 1

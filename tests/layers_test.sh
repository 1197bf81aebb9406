#!/bin/sh
# Rules that the compiler does not keep: which folder may include which, one home for each library, and the shapes of co_await
# that g++ 12 compiles wrongly (see lib/async/loop.hpp). Prints what breaks them.
set -u
cd "$(dirname "$0")/.."
broken=0

# rule DESCRIPTION PATTERN FILES…: no line of the files may match.
rule() {
  description=$1
  pattern=$2
  shift 2
  found=$(grep -rnE --include='*.cpp' --include='*.hpp' "$pattern" "$@" 2>/dev/null)
  [ -z "$found" ] && return
  printf '%s\n%s\n\n' "$description:" "$found"
  broken=1
}

# modules NAME ALLOWED…: lib/NAME includes of lib/ only itself and these.
module() {
  name=$1
  allowed="$name|core"
  shift
  for other in "$@"; do allowed="$allowed|$other"; done
  found=$(grep -rnE '#include "lib/' "lib/$name" | grep -vE "#include \"lib/($allowed)/")
  [ -z "$found" ] && return
  printf 'lib/%s may not include:\n%s\n\n' "$name" "$found"
  broken=1
}

rule 'lib includes no daemon and no cmd' '#include "(daemon|cmd|tests)/' lib
rule 'daemon includes no cmd' '#include "(cmd|tests)/' daemon
rule 'cmd includes no tests' '#include "tests/' cmd
module core
module log
module sse
module keypool
module gemini
module audio
module openai gemini audio sse
module anthropic gemini
module config gemini http keypool log images store
module store keypool
module async
module http async
module images async http
module upstream async http sse keypool gemini

only() {
  library=$1
  pattern=$2
  home=$3
  found=$(grep -rnE "#include <$pattern" lib daemon cmd | grep -vE "^$home")
  [ -z "$found" ] && return
  printf '%s has one home, %s:\n%s\n\n' "$library" "$home" "$found"
  broken=1
}
only curl 'curl/' 'lib/http/'
only SOCI 'soci/' 'lib/store/'
only toml++ 'toml\+\+/' 'lib/config/'
only spdlog 'spdlog/' 'lib/log/'
only httplib 'httplib' 'daemon/(front/(pages|site)|admin/desk)\.cpp'
only LAME 'lame/' 'lib/audio/'
only libopusenc 'opus' 'lib/audio/'
only FLAC 'FLAC/' 'lib/audio/'
only CLI11 'CLI/' 'cmd/'
only utf8proc 'utf8proc' 'lib/core/'
only simdjson 'simdjson' 'lib/(core|openai|upstream)/'

rule 'JSON headers include only json_fwd.hpp' '#include <nlohmann/json\.hpp>' $(find lib daemon cmd -name '*.hpp' ! -name json.hpp)
rule 'co_await must not stand in a condition' '(if|&&|\|\|) *\(?!?[^;]*co_await[^;]*\) *(\{|co_return|break|return|continue)' lib daemon cmd
rule 'no co_return co_await' '^[^/]*co_return co_await' lib daemon cmd
rule 'no co_await of a choice' '^[^/]*co_await \(.*\?' lib daemon cmd
rule 'no temporaries made of braces among the arguments of a co_await' '^[^/]*co_await [^;=]*[(,] *\{[^}]' lib daemon cmd
rule 'no sleeping for luck' 'sleep_for|usleep\(' $(find tests -name '*_test.cpp')

exit $broken

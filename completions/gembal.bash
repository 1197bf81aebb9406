# bash completion for gembal; made by 'gembal docs completions' from the command line itself.

# Those of the words that the current one begins.
_gembal_offer() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# What 'gembal complete' knows; what stands behind a tab explains it to other shells.
_gembal_ask() {
  local given=$cur value quoted
  [[ $cur == [\"\']* ]] && quoted=yes given=${cur:1}
  given=${given//\\/}
  while IFS=$'\t' read -r value _; do
    [[ $value == "$given"* ]] || continue
    [[ $quoted ]] || printf -v value %q "$value"
    COMPREPLY+=("$value")
  done < <("${words[0]/#\~/$HOME}" complete "$1" -- "${words[@]:1:cword-1}" 2>/dev/null)
  [[ $quoted ]] || __ltrim_colon_completions "$cur"
}

# The words that may follow the command in $path.
_gembal_know() {
  case $path in
    '')
      commands='serve keys chat embed image models config sandbox tokens stats logs store doctor'
      options=''
      takes='' ;;
    'serve')
      commands=''
      options='--listen --threads --sandbox'
      takes='--listen --threads' ;;
    'keys')
      commands='add check list remove enable disable reset label export import why'
      options=''
      takes='' ;;
    'keys add')
      commands=''
      options='--file --env --label --project --paid --disabled --exact --check --via --token'
      takes='--file --env --label --project --via --token' ;;
    'keys check')
      commands=''
      options='--model --jobs --status --disable --via --token --enable'
      takes='--model --jobs --status --via --token' ;;
    'keys list')
      commands=''
      options='--status --sort --show --via --token'
      takes='--status --sort --via --token' ;;
    'keys remove')
      commands=''
      options='--status --via --token'
      takes='--status --via --token' ;;
    'keys enable')
      commands=''
      options='--status --via --token'
      takes='--status --via --token' ;;
    'keys disable')
      commands=''
      options='--status --via --token'
      takes='--status --via --token' ;;
    'keys reset')
      commands=''
      options='--status --via --token'
      takes='--status --via --token' ;;
    'keys label')
      commands=''
      options='--project --paid --free --via --token'
      takes='--project --via --token' ;;
    'keys export')
      commands=''
      options='--status'
      takes='--status' ;;
    'keys import')
      commands=''
      options=''
      takes='' ;;
    'keys why')
      commands=''
      options='--model'
      takes='--model' ;;
    'chat')
      commands=''
      options='-m --model -s --system -r --role -f -a --file --attachment -c --continue --session --search --code --url --thinking --show-thoughts -t --temperature --max-tokens --schema -x --extract --no-stream -u --usage --dry-run --via --token'
      takes='-m --model -s --system -r --role -f -a --file --attachment --session --thinking -t --temperature --max-tokens --schema --via --token' ;;
    'embed')
      commands=''
      options='--file -m --model --dimensions --task-type --format --jobs -o --output --resume --force --via --token'
      takes='--file -m --model --dimensions --task-type --format --jobs -o --output --via --token' ;;
    'image')
      commands=''
      options='-o --output -n --count -i --input --aspect --size -m --model --upload --force --via --token'
      takes='-o --output -n --count -i --input --aspect --size -m --model --via --token' ;;
    'models')
      commands=''
      options='--all --via --token'
      takes='--via --token' ;;
    'config')
      commands='show get set unset import check example path'
      options=''
      takes='' ;;
    'config show')
      commands=''
      options=''
      takes='' ;;
    'config get')
      commands=''
      options=''
      takes='' ;;
    'config set')
      commands=''
      options=''
      takes='' ;;
    'config unset')
      commands=''
      options=''
      takes='' ;;
    'config import')
      commands=''
      options='--dry-run'
      takes='' ;;
    'config check')
      commands=''
      options=''
      takes='' ;;
    'config example')
      commands=''
      options=''
      takes='' ;;
    'config path')
      commands=''
      options=''
      takes='' ;;
    'sandbox')
      commands=''
      options='--listen --scenario'
      takes='--listen --scenario' ;;
    'tokens')
      commands='add list limit remove'
      options=''
      takes='' ;;
    'tokens add')
      commands=''
      options='--rpm --rpd --tpd --models --expires'
      takes='--rpm --rpd --tpd --models --expires' ;;
    'tokens list')
      commands=''
      options=''
      takes='' ;;
    'tokens limit')
      commands=''
      options='--rpm --rpd --tpd --models --expires --disable --enable'
      takes='--rpm --rpd --tpd --models --expires' ;;
    'tokens remove')
      commands=''
      options=''
      takes='' ;;
    'stats')
      commands=''
      options='--since --by --via --token'
      takes='--since --by --via --token' ;;
    'logs')
      commands='requests errors'
      options=''
      takes='' ;;
    'logs requests')
      commands=''
      options='-f --follow --since --key --model --token --status --text --id -n --limit'
      takes='--since --key --model --token --status --text --id -n --limit' ;;
    'logs errors')
      commands=''
      options='-f --follow --since --key --model --token --status --text --id -n --limit'
      takes='--since --key --model --token --status --text --id -n --limit' ;;
    'store')
      commands='info migrate'
      options=''
      takes='' ;;
    'store info')
      commands=''
      options=''
      takes='' ;;
    'store migrate')
      commands=''
      options='--force'
      takes='' ;;
    'doctor')
      commands=''
      options='--keys'
      takes='' ;;
  esac
  options+=' -h --help --version --config --store --color --json -q --quiet -v --verbose'
  takes+=' --config --store --color'
}

# A value of the option $1.
_gembal_value() {
  case $path/$1 in
    'serve'/--listen) ;;
    'serve'/--threads) ;;
    'keys add'/--file) _filedir ;;
    'keys add'/--env) mapfile -t COMPREPLY < <(compgen -e -- "$cur") ;;
    'keys add'/--label) ;;
    'keys add'/--project) ;;
    'keys add'/--via) ;;
    'keys add'/--token) ;;
    'keys check'/--model) _gembal_ask models ;;
    'keys check'/--jobs) ;;
    'keys check'/--status) _gembal_offer 'ok cooling exhausted unsupported disabled' ;;
    'keys check'/--via) ;;
    'keys check'/--token) ;;
    'keys list'/--status) _gembal_offer 'ok cooling exhausted unsupported disabled' ;;
    'keys list'/--sort) _gembal_offer 'id label project tier status failures requests tokens used' ;;
    'keys list'/--via) ;;
    'keys list'/--token) ;;
    'keys remove'/--status) _gembal_offer 'ok cooling exhausted unsupported disabled' ;;
    'keys remove'/--via) ;;
    'keys remove'/--token) ;;
    'keys enable'/--status) _gembal_offer 'ok cooling exhausted unsupported disabled' ;;
    'keys enable'/--via) ;;
    'keys enable'/--token) ;;
    'keys disable'/--status) _gembal_offer 'ok cooling exhausted unsupported disabled' ;;
    'keys disable'/--via) ;;
    'keys disable'/--token) ;;
    'keys reset'/--status) _gembal_offer 'ok cooling exhausted unsupported disabled' ;;
    'keys reset'/--via) ;;
    'keys reset'/--token) ;;
    'keys label'/--project) ;;
    'keys label'/--via) ;;
    'keys label'/--token) ;;
    'keys export'/--status) _gembal_offer 'ok cooling exhausted unsupported disabled' ;;
    'keys why'/--model) _gembal_ask models ;;
    'chat'/-m | 'chat'/--model) _gembal_ask models ;;
    'chat'/-s | 'chat'/--system) ;;
    'chat'/-r | 'chat'/--role) _gembal_ask roles ;;
    'chat'/-f | 'chat'/-a | 'chat'/--file | 'chat'/--attachment) _filedir ;;
    'chat'/--session) _gembal_ask sessions ;;
    'chat'/--thinking) _gembal_offer 'off minimal low medium high' ;;
    'chat'/-t | 'chat'/--temperature) ;;
    'chat'/--max-tokens) ;;
    'chat'/--schema) _filedir ;;
    'chat'/--via) ;;
    'chat'/--token) ;;
    'embed'/--file) _filedir ;;
    'embed'/-m | 'embed'/--model) _gembal_ask models ;;
    'embed'/--dimensions) ;;
    'embed'/--task-type) _gembal_offer 'retrieval-query retrieval-document semantic-similarity classification clustering question-answering fact-verification code-retrieval-query' ;;
    'embed'/--format) _gembal_offer 'jsonl json csv npy base64' ;;
    'embed'/--jobs) ;;
    'embed'/-o | 'embed'/--output) _filedir ;;
    'embed'/--via) ;;
    'embed'/--token) ;;
    'image'/-o | 'image'/--output) _filedir ;;
    'image'/-n | 'image'/--count) ;;
    'image'/-i | 'image'/--input) _filedir ;;
    'image'/--aspect) ;;
    'image'/--size) _gembal_offer '512 1K 2K 4K' ;;
    'image'/-m | 'image'/--model) _gembal_ask models ;;
    'image'/--via) ;;
    'image'/--token) ;;
    'models'/--via) ;;
    'models'/--token) ;;
    'sandbox'/--listen) ;;
    'sandbox'/--scenario) _filedir ;;
    'tokens add'/--rpm) ;;
    'tokens add'/--rpd) ;;
    'tokens add'/--tpd) ;;
    'tokens add'/--models) ;;
    'tokens add'/--expires) ;;
    'tokens limit'/--rpm) ;;
    'tokens limit'/--rpd) ;;
    'tokens limit'/--tpd) ;;
    'tokens limit'/--models) ;;
    'tokens limit'/--expires) ;;
    'stats'/--since) ;;
    'stats'/--by) _gembal_offer 'key model token hour' ;;
    'stats'/--via) ;;
    'stats'/--token) ;;
    'logs requests'/--since) ;;
    'logs requests'/--key) _gembal_ask keys ;;
    'logs requests'/--model) _gembal_ask models ;;
    'logs requests'/--token) ;;
    'logs requests'/--status) ;;
    'logs requests'/--text) ;;
    'logs requests'/--id) ;;
    'logs requests'/-n | 'logs requests'/--limit) ;;
    'logs errors'/--since) ;;
    'logs errors'/--key) _gembal_ask keys ;;
    'logs errors'/--model) _gembal_ask models ;;
    'logs errors'/--token) ;;
    'logs errors'/--status) ;;
    'logs errors'/--text) ;;
    'logs errors'/--id) ;;
    'logs errors'/-n | 'logs errors'/--limit) ;;
    */--config) _filedir ;;
    */--store) _filedir ;;
    */--color) _gembal_offer 'auto always never' ;;
  esac
}

# An argument of the command in $path.
_gembal_argument() {
  case $path/$position in
    'keys check'/*) _gembal_ask keys ;;
    'keys remove'/*) _gembal_ask keys ;;
    'keys enable'/*) _gembal_ask keys ;;
    'keys disable'/*) _gembal_ask keys ;;
    'keys reset'/*) _gembal_ask keys ;;
    'keys label'/1) _gembal_ask keys ;;
    'keys import'/1) _filedir ;;
    'config get'/*) _gembal_ask settings ;;
    'config set'/1) _gembal_ask settings ;;
    'config unset'/*) _gembal_ask settings ;;
    'config import'/1) _filedir ;;
    'store migrate'/1) _filedir ;;
    'store migrate'/2) _filedir ;;
    *) [[ $cur ]] || _gembal_offer "$options" ;;
  esac
}

_gembal() {
  local cur prev words cword
  _get_comp_words_by_ref -n =: cur prev words cword
  local path= commands options takes position=1 option= ended= word i
  COMPREPLY=()
  _gembal_know
  for ((i = 1; i < cword; ++i)); do
    word=${words[i]}
    if [[ $ended ]]; then
      ((++position))
    elif [[ $word == -- ]]; then
      ended=yes
    elif [[ $word == -* ]]; then
      [[ " $takes " == *" $word "* ]] || continue
      ((++i < cword)) || option=$word
    elif [[ " $commands " == *" $word "* ]]; then
      path+=${path:+ }$word
      _gembal_know
    else
      ((++position))
    fi
  done

  if [[ $option ]]; then
    _gembal_value "$option"
  elif [[ ! $ended && $cur == --*=* ]]; then
    option=${cur%%=*}
    cur=${cur#*=}
    _gembal_value "$option"
  elif [[ ! $ended && $cur == -* ]]; then
    _gembal_offer "$options"
  elif [[ $commands ]]; then
    _gembal_offer "$commands"
  else
    _gembal_argument
  fi
}

complete -F _gembal gembal
